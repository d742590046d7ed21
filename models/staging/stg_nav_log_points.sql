{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload", '{"t": "VARCHAR", "nav": "DOUBLE", "unrealized_pnl": "DOUBLE"}'
                )
            }} as j
        from {{ source("raw", "nav_log") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- numerics
            j.nav as nav_usd,
            j.unrealized_pnl as unrealized_pnl_usd,
            -- timestamps
            {{ to_utc("j.t") }} as occurred_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
