-- Means: the executor was started again and again within the hour. Each start resets its counters
-- and idle times, so a crash loop looks healthy to itself.
-- Look at: fct_executor_lives; the executor's log before each start.
-- Do: read why it ended before restarting once more; check config versions of that hour.
-- Blind to: lives so short that they wrote no run_id.
{{
    config(
        meta={
            "needs": ["sync_heartbeats", "engine_metadata"],
            "playbook_lines": ["P1-A3"],
            "proof": "update fct_executor_lives set started_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes), valid_from= (select max(minute) - interval '20 minutes' from fct_pipeline_minutes); insert into fct_executor_lives (bot, run_id, started_at, last_seen_at, valid_from, valid_to) select bot, 'r' || i, started_at - i * interval '3 minutes', started_at, started_at - i * interval '3 minutes', started_at - (i - 1) * interval '3 minutes' from fct_executor_lives, range(1, 6) as r(i)",
        }
    )
}}
with starts as (select *, started_at as occurred_at from {{ ref("fct_executor_lives") }})
select
    lives.as_of,
    lives.bot,
    'executor' as subject,
    'crit' as severity,
    min(lives.started_at) as since,
    format(
        '{} starts within the hour, the last at {}',
        count(*),
        strftime(max(lives.started_at), '%H:%M:%S')
    ) as reason,
    count(*) as starts,
    max(lives.started_at) as last_start_at,
    max_by(lives.run_id, lives.started_at) as run_id,
    'execution/sync_heartbeats.jsonl' as _file,
    cast(null as bigint) as _offset
from {{ at_clock("starts", within="1 hour") }} as lives
inner join {{ at_clock(limit("restarts_count")) }} as limits using (as_of, bot)
group by lives.as_of, lives.bot
having count(*) >= max(limits.value)
