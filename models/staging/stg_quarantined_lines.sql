with
    source as (select * from {{ source("ledger", "quarantine") }}),
    renamed as (
        select
            -- ids
            _bot as bot,
            stream,
            -- text
            reason,
            -- numerics
            _length as length_bytes,
            -- timestamps
            observed_at,
            -- loader
            _file_id,
            _file,
            _offset,
            sha256 as _sha256,
            load_id as _load_id
        from source
        -- a damaged line of the watch's own journal is no fault of a bot: fct_loads counts it
        where _bot <> '_watch'
    )
select *
from renamed
