{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"nav": "DOUBLE", "nav_usd": "DOUBLE", "updated_ts": "VARCHAR", "nav_mode": "VARCHAR", "nav_detail": {"source": "VARCHAR", "fresh": "BOOLEAN", "nav_mode": "VARCHAR"}, "aum": {"futures": "DOUBLE", "total": "DOUBLE"} }',
                )
            }}
            as j
        from {{ source("raw", "nav") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            coalesce(j.nav_detail.source, 'unknown') as nav_source,
            coalesce(j.nav_mode, j.nav_detail.nav_mode) as nav_mode,
            -- numerics
            coalesce(j.nav, j.nav_usd) as nav_usd,
            j.aum.total as aum_total_usd,
            -- timestamps
            {{ to_utc("j.updated_ts") }} as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
