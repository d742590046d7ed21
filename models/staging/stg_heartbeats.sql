{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"service": "VARCHAR", "run_id": "VARCHAR", "hostname": "VARCHAR", "pid": "BIGINT", "ts": "VARCHAR", "lag_secs": "DOUBLE", "queue_depth": "BIGINT"}',
                )
            }}
            as j
        from {{ source("raw", "sync_heartbeats") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.run_id,
            -- text
            j.service,
            j.hostname,
            -- numerics
            j.pid,
            j.lag_secs as lag_seconds,
            j.queue_depth,
            -- timestamps
            {{ to_utc("j.ts") }} as occurred_at,
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
