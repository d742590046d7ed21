{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"nav": "DOUBLE", "nav_usd": "DOUBLE", "ts": "VARCHAR", "sources_ok": "BOOLEAN", "detail": {"source": "VARCHAR"} }',
                )
            }}
            as j
        from {{ source("raw", "nav_confirmed") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            coalesce(j.detail.source, 'unknown') as nav_source,
            -- numerics
            coalesce(j.nav, j.nav_usd) as nav_usd,
            -- booleans
            j.sources_ok as is_sources_ok,
            -- timestamps
            {{ to_utc("j.ts") }} as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
