with
    source as (select * from {{ source("ledger", "loads") }}),
    renamed as (
        select
            -- ids
            load_id,
            _bot as bot,
            stream,
            -- text
            kind,
            -- numerics
            size_bytes,
            from_offset,
            to_offset,
            row_count,
            row_bytes,
            blank_bytes,
            quarantined_count,
            quarantined_bytes,
            coalesce(kept_count, 0) as kept_count,
            coalesce(superseded_count, 0) as superseded_count,
            -- timestamps
            observed_at,
            committed_at,
            -- loader
            _file_id,
            _file
        from source
    )
select *
from renamed
