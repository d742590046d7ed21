{{ config(materialized="incremental", meta={"touched": "load_id"}) }}

select
    load_id,
    bot,
    stream,
    kind,
    size_bytes,
    from_offset,
    to_offset,
    row_count,
    row_bytes,
    blank_bytes,
    quarantined_count,
    quarantined_bytes,
    kept_count,
    superseded_count,
    to_offset - from_offset - row_bytes - blank_bytes - quarantined_bytes as unaccounted_bytes,
    observed_at,
    committed_at,
    _file_id,
    _file
from {{ ref("stg_loads") }}
where {{ touched("load_id") }}
