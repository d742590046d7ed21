-- One row per line of the executor's text log, its stamp still in the host's local time.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select *
        from {{ source("raw", "exec_log") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            level,
            tag,
            message,
            -- numerics
            {{ number_after("message", "attempted=") }} as attempted_count,
            {{ number_after("message", "emitted=") }} as emitted_count,
            {{ number_after("message", "submitted=") }} as submitted_count,
            -- timestamps
            logged_at,
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
