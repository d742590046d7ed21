with
    source as (select * from {{ source("ledger", "observations") }}),
    renamed as (
        select
            -- ids
            _bot as bot,
            source as surface,
            -- text
            status,
            detail,
            missing_keys,
            nonfinite_keys,
            -- numerics
            size_bytes,
            -- timestamps
            observed_at,
            mtime as written_at,
            -- loader
            _file,
            sha256 as _sha256,
            load_id as _load_id
        from source
    )
select *
from renamed
