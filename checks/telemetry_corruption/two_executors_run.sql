-- Means: two executor processes write at the same time; they lose each other's rows and overwrite
-- state.
-- Look at: run_id and pid in sync_heartbeats.jsonl and orders_attempted.jsonl.
-- Do: stop the one that should not run; keep one executor as the only writer.
-- Blind to: a second writer that names no run_id.
{{
    config(
        meta={
            "needs": ["sync_heartbeats"],
            "playbook_lines": ["P5-C2", "P5-A2"],
            "proof": "update fct_executor_lives set overlap_until = (select max(minute) from fct_pipeline_minutes)",
        }
    )
}}
select
    lives.as_of,
    lives.bot,
    lives.run_id as subject,
    'crit' as severity,
    lives.started_at as since,
    format(
        'run {} (pid {}) started while another was still writing, until {}',
        lives.run_id,
        lives.pid,
        strftime(lives.overlap_until, '%H:%M:%S')
    ) as reason,
    lives.pid,
    lives.hostname,
    lives.started_at,
    lives.overlap_until,
    'execution/sync_heartbeats.jsonl' as _file,
    cast(0 as bigint) as _offset
from {{ at_clock(ref("fct_executor_lives")) }} as lives
where
    -- one that is shut down may still write its last lines
    lives.overlap_until > lives.started_at + interval '{{ var("loop_seconds") }} seconds'
    and lives.overlap_until > lives.as_of - interval '{{ var("finding_recall_minutes") }} minutes'
