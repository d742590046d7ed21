-- Means: lines of a log that had been read were changed or removed afterwards. Logs are only ever
-- appended to: somebody edited this one, or a second writer replaced it.
-- Look at: fct_loads, superseded_count; the raw rows of before are kept and flagged.
-- Do: find who wrote; restrict other programs to mirrors. Counts keep what was read first.
-- Blind to: lines that were changed before they were read.
{{
    config(
        meta={
            "needs": ["risk_vetoes", "orders_attempted", "orders_executed"],
            "playbook_lines": ["P5-C2", "P5-A1"],
            "explained_by": ["two_executors_run", "log_line_is_not_json"],
            "proof": "update fct_loads set superseded_count = 3 where kind = 'events' and observed_at = (select max(observed_at) from fct_loads where kind = 'events')",
        }
    )
}}
with
    rewrites as (
        select *, observed_at as occurred_at
        from {{ ref("fct_loads") }}
        where superseded_count > 0 and kind in ('events', 'text')
    )
select
    loads.as_of,
    loads.bot,
    loads.stream as subject,
    'warn' as severity,
    min(loads.observed_at) as since,
    format(
        '{} lines of {} were changed or removed after they had been read',
        sum(superseded_count),
        max(_file)
    ) as reason,
    cast(sum(superseded_count) as bigint) as changed_lines,
    max(_file) as path,
    max(_file) as _file,
    min(from_offset) as _offset
from {{ at_clock("rewrites", within=var("event_recall_minutes") ~ " minutes") }} as loads
group by loads.as_of, loads.bot, loads.stream
