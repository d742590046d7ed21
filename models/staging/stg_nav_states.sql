-- nav_state.json has two writers: the executor mirrors nav.json, sync_state writes series and
-- equity.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"nav": "DOUBLE", "nav_usd": "DOUBLE", "total_equity": "DOUBLE", "peak_equity": "DOUBLE", "drawdown_pct": "DOUBLE", "drawdown": "DOUBLE", "realized_pnl": "DOUBLE", "unrealized_pnl": "DOUBLE", "realized_pnl_today": "DOUBLE", "updated_ts": "VARCHAR", "updated_at": "VARCHAR", "nav_detail": {"source": "VARCHAR"} }',
                )
            }}
            as j
        from {{ source("raw", "nav_state") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            case
                when json_exists(payload, '$.total_equity') then 'sync_state' else 'executor'
            end as shape,
            coalesce(j.nav_detail.source, 'unknown') as nav_source,
            -- numerics
            coalesce(j.total_equity, j.nav, j.nav_usd) as nav_usd,
            j.peak_equity as peak_usd,
            coalesce(j.drawdown_pct, j.drawdown) as drawdown_pct,
            j.realized_pnl as realized_pnl_usd,
            j.unrealized_pnl as unrealized_pnl_usd,
            -- timestamps
            coalesce({{ to_utc("j.updated_ts") }}, {{ to_utc("j.updated_at") }}) as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
