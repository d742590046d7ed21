with
    source as (select * from {{ source("ledger", "schema_changes") }}),
    renamed as (
        select
            -- ids
            _bot as bot,
            stream,
            key_path,
            -- text
            change,
            old_type,
            new_type,
            -- timestamps
            observed_at,
            -- loader
            load_id as _load_id
        from source
    )
select *
from renamed
