select
    bot,
    run_id,
    pid,
    hostname,
    sign_count,
    coalesce(overlaps_previous, false) as overlaps_previous,
    started_at,
    last_seen_at,
    valid_from,
    valid_to
from {{ ref("int_executor_lives") }}
