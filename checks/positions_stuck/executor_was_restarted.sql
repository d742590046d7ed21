-- Means: the executor was started within the last hour: its counters and idle times begin at
-- zero, its registry was read anew. Context, no fault.
-- Look at: fct_executor_lives.
-- Do: nothing by itself; see whether positions kept their exits and whether signals came back.
-- Blind to: restarts under the same run_id.
{{
    config(
        meta={
            "needs": ["sync_heartbeats"],
            "playbook_lines": ["P0-1", "P1-A1"],
            "proof": "update fct_executor_lives set started_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes), valid_from= (select max(minute) - interval '20 minutes' from fct_pipeline_minutes); insert into fct_executor_lives (bot, run_id, started_at, last_seen_at, valid_from, valid_to) select bot, 'before', started_at - interval '3 hours', started_at, started_at - interval '3 hours', started_at from fct_executor_lives",
        }
    )
}}
with
    starts as (
        select
            *,
            started_at as occurred_at,
            lag(run_id) over lives as previous_run_id,
            lag(engine_version) over lives as previous_version,
            lag(last_seen_at) over lives as previous_seen_at
        from {{ ref("fct_executor_lives") }}
        window lives as (partition by bot order by started_at, run_id)
    )
select
    lives.as_of,
    lives.bot,
    'run ' || left(lives.run_id, 8) as subject,
    'info' as severity,
    lives.started_at as since,
    format(
        'the executor started at {}{}; the process before was last seen at {}',
        strftime(lives.started_at, '%H:%M:%S'),
        case
            when engine_version <> previous_version
            then ' as ' || engine_version || ', which was ' || previous_version
            else ''
        end,
        strftime(previous_seen_at, '%H:%M:%S')
    ) as reason,
    lives.run_id,
    previous_run_id,
    engine_version,
    previous_version,
    previous_seen_at,
    'execution/sync_heartbeats.jsonl' as _file,
    cast(null as bigint) as _offset
from {{ at_clock("starts", within="1 hour") }} as lives
where previous_run_id is not null
