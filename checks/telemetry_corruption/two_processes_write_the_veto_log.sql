-- Means: rows of two processes alternate in the veto log: something beside the executor writes
-- there, and each loses rows of the other.
-- Look at: pid and hostname in risk_vetoes.jsonl.
-- Do: stop the one that is not the executor: a script, a test run, a second executor.
-- Blind to: writers of other logs; processes whose rows do not overlap in time.
{{
    config(
        meta={
            "needs": ["risk_vetoes"],
            "playbook_lines": ["P5-C2"],
            "explained_by": ["two_executors_run"],
            "proof": "insert into fct_vetoes (bot, veto_id, pid, hostname, reason, occurred_at) select bot, 'v' || i, 100 + i % 2, 'h', 'symbol_cap', max(minute) - i * interval '2 minutes' from fct_pipeline_minutes, range(8) as r(i) group by bot, i",
        }
    )
}}
with
    writers as (
        select
            as_of,
            bot,
            pid,
            hostname,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at,
            count(*) as rows,
            max(_file) as _file,
            min(_offset) as _offset
        from {{ at_clock(ref("fct_vetoes"), within="1 hour") }} as vetoes
        where pid is not null
        group by as_of, bot, pid, hostname
    )
select
    a.as_of,
    a.bot,
    'risk_vetoes' as subject,
    'warn' as severity,
    min(b.first_at) as since,
    format(
        'process {} wrote {} rows between those of process {}',
        min_by(b.pid, b.first_at),
        min_by(b.rows, b.first_at),
        min_by(a.pid, b.first_at)
    ) as reason,
    min_by(a.pid, b.first_at) as pid,
    min_by(b.pid, b.first_at) as other_pid,
    min_by(b.hostname, b.first_at) as other_hostname,
    min_by(b._file, b.first_at) as _file,
    min_by(b._offset, b.first_at) as _offset
from writers as a
inner join
    writers as b
    on b.as_of = a.as_of
    and b.bot = a.bot
    and (b.pid <> a.pid or b.hostname <> a.hostname)
    and b.first_at > a.first_at
    and b.first_at + interval '{{ var("loop_seconds") }} seconds' < a.last_at
group by a.as_of, a.bot
