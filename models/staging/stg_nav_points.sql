{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"t": "VARCHAR", "ts": "VARCHAR", "nav": "DOUBLE", "nav_usd": "DOUBLE"}',
                )
            }} as j
        from {{ source("raw", "nav_points") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- numerics
            coalesce(j.nav, j.nav_usd) as nav_usd,
            -- timestamps
            coalesce({{ to_utc("j.t") }}, {{ to_utc("j.ts") }}) as occurred_at,
            _observed_at as observed_at,
            -- loader
            _file_id,
            _file,
            _offset,
            _load_id
        from source
    )
select *
from renamed
