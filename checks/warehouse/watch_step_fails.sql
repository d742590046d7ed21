-- Means: a step of `watchhouse run` failed or hung several times in a row and has not worked since.
-- Look at: fct_watch_steps; the file of the step in run/ of the home has its last words.
-- Do: run the step by hand (`watchhouse build`, `watchhouse ingest`) and read what it says.
-- Blind to: a watch that does not run at all: then everything turns unknown.
{{
    config(
        meta={
            "needs": [],
            "playbook_lines": [],
            "proof": "insert into fct_watch_steps select timestamp '2020-01-01' + range * interval '1 minute', 'build', 'hung', 'its last words', -9, 900, 0, 'notices.jsonl', range from range(5)",
            "spares": [
                "insert into fct_watch_steps select timestamp '2020-01-01' + range * interval '1 minute', 'build', case when range = 5 then 'ok' else 'hung' end, 'its last words', -9, 900, 0, 'notices.jsonl', range from range(6)"
            ],
        }
    )
}}
with
    known as (
        select
            steps.*,
            clock.as_of,
            row_number() over (
                partition by clock.as_of, steps.step
                order by steps.occurred_at desc, steps._file desc, steps._offset desc
            ) as recency
        from {{ ref("fct_watch_steps") }} as steps
        inner join {{ clock() }} as clock on steps.occurred_at <= clock.as_of
    ),
    latest as (select * from known where recency = 1 and outcome <> 'ok')
select
    known.as_of,
    cast(null as varchar) as bot,
    known.step as subject,
    'warn' as severity,
    min(known.occurred_at) as since,
    format(
        '{} {} {} times in a row, last at {}: {}',
        known.step,
        max(latest.outcome),
        count(*),
        strftime(max(known.occurred_at), '%H:%M'),
        max(latest.said)
    ) as reason,
    count(*) as failures,
    max(latest._file) as _file,
    max(latest._offset) as _offset
from known
inner join
    latest
    on latest.as_of = known.as_of
    and latest.step = known.step
    and latest.good_before_count = known.good_before_count
where known.outcome <> 'ok'
group by known.as_of, known.step
having count(*) >= {{ var("step_failures_count") }}
