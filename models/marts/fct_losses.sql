select
    bot,
    stream,
    reason,
    from_offset,
    to_offset,
    lost_from,
    lost_until,
    observed_at as occurred_at,
    observed_at,
    _file_id,
    _file
from {{ ref("stg_losses") }}
