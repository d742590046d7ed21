{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"peak": "DOUBLE", "peak_equity": "DOUBLE", "peak_nav": "DOUBLE", "nav": "DOUBLE", "nav_usd": "DOUBLE", "dd_pct": "DOUBLE", "dd_abs": "DOUBLE", "daily_peak": "DOUBLE", "realized_pnl_today": "DOUBLE", "ts": "VARCHAR", "updated_at": "VARCHAR", "peak_ts": "VARCHAR", "stale_healed": "BOOLEAN"}',
                )
            }}
            as j
        from {{ source("raw", "peak_state") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- numerics
            coalesce(j.peak, j.peak_equity, j.peak_nav) as peak_usd,
            coalesce(j.nav, j.nav_usd) as nav_usd,
            j.dd_pct as drawdown_pct,
            j.dd_abs as drawdown_usd,
            j.daily_peak as daily_peak_usd,
            j.realized_pnl_today as realized_pnl_today_usd,
            -- booleans
            coalesce(j.stale_healed, false) as is_healed,
            -- timestamps
            coalesce({{ to_utc("j.updated_at") }}, {{ to_utc("j.ts") }}) as published_at,
            {{ to_utc("j.peak_ts") }} as peak_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
