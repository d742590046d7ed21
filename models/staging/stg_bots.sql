with
    source as (select * from {{ source("ledger", "bots") }}),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            root,
            path,
            -- timestamps
            first_at
        from source
    )
select *
from renamed
