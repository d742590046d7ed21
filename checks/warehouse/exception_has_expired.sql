-- Means: an exception of seeds/check_exceptions.csv has passed its end; its finding counts again.
-- Look at: the row of the seed; whether its check still finds anything.
-- Do: remove the row if the fault is gone; give it a new end and reason if it may still be so.
-- Blind to: an exception whose check or subject is misspelt: it never excepts anything.
{{
    config(
        meta={
            "needs": [],
            "playbook_lines": [],
            "proof": "insert into seeds.check_exceptions values ('nav_jumped', null, 'a deposit', timestamp '2020-01-01')",
        }
    )
}}
select
    clock.as_of,
    cast(null as varchar) as bot,
    exceptions."check" as subject,
    'warn' as severity,
    min(exceptions."until") as since,
    format(
        'the exception for {} ended at {}: {}',
        exceptions."check",
        strftime(min(exceptions."until"), '%Y-%m-%d %H:%M'),
        min(exceptions.because)
    ) as reason,
    count(*) as exceptions,
    'seeds/check_exceptions.csv' as _file,
    cast(null as bigint) as _offset
from {{ ref("check_exceptions") }} as exceptions
inner join {{ clock() }} as clock on exceptions."until" <= clock.as_of
group by clock.as_of, exceptions."check"
