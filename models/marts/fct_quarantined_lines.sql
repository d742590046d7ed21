select
    bot,
    stream,
    reason,
    length_bytes,
    observed_at as occurred_at,
    observed_at,
    _file_id,
    _file,
    _offset,
    _sha256
from {{ ref("stg_quarantined_lines") }}
