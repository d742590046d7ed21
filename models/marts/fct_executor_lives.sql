select
    bot,
    run_id,
    pid,
    hostname,
    engine_version,
    sign_count,
    overlaps_previous,
    case when overlaps_previous then overlap_until end as overlap_until,
    started_at,
    last_seen_at,
    valid_from,
    valid_to
from {{ ref("int_executor_lives") }}
