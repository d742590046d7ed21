with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "updated_at": "VARCHAR", "atr_regime": "VARCHAR", "dd_state": "VARCHAR", "fee_pnl_ratio": "DOUBLE", "fees": "DOUBLE", "pnl": "DOUBLE", "router_quality": "VARCHAR"}',
                )
            }}
            as j
        from {{ source("raw", "kpis_v7") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            j.atr_regime,
            j.dd_state,
            j.router_quality,
            -- numerics
            j.fee_pnl_ratio,
            j.fees as fees_usd,
            j.pnl as pnl_usd,
            -- timestamps
            coalesce({{ to_utc("j.updated_at") }}, {{ to_utc("j.ts") }}) as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
