with
    source as (select * from {{ source("ledger", "losses") }}),
    renamed as (
        select
            -- ids
            _bot as bot,
            stream,
            -- text
            reason,
            -- numerics
            from_offset,
            to_offset,
            -- timestamps
            from_at as lost_from,
            to_at as lost_until,
            observed_at,
            -- loader
            _file_id,
            _file,
            load_id as _load_id
        from source
    )
select *
from renamed
