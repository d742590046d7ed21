{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"engine_version": "VARCHAR", "updated_ts": "VARCHAR", "git_commit": "VARCHAR", "run_id": "VARCHAR", "hostname": "VARCHAR", "env": "VARCHAR", "status": "VARCHAR", "uptime_s": "DOUBLE", "last_cycle_s": "DOUBLE"}',
                )
            }}
            as j
        from {{ source("raw", "engine_metadata") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.run_id,
            -- text
            j.engine_version,
            j.git_commit,
            j.hostname,
            j.env,
            j.status,
            -- numerics
            j.uptime_s as uptime_seconds,
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
