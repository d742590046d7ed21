select
    ended_at as occurred_at,
    step,
    outcome,
    said,
    exit_code,
    lasted_seconds,
    -- a run of failures begins after the last good end; ingest has none, it is to run without end
    cast(
        sum(
            case
                when outcome = 'ok'
                then 1
                when
                    step = 'ingest'
                    and outcome = 'failed'
                    and lasted_seconds >= {{ var("ingest_worked_seconds") }}
                then 1
                else 0
            end
        ) over (partition by step order by ended_at, _file, _offset rows unbounded preceding)
        as bigint
    ) as good_before_count,
    _file,
    _offset
from {{ ref("stg_watch_steps") }}
