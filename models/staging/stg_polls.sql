with
    source as (select * from {{ source("ledger", "polls") }}),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- numerics
            files as file_count,
            unreadable as unreadable_count,
            -- booleans
            is_import,
            -- timestamps
            polled_at,
            -- loader
            load_id as _load_id
        from source
    )
select *
from renamed
