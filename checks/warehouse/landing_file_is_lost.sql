-- Means: a file of archived raw rows is gone or damaged; raw tables lack its rows, marts hold
-- theirs.
-- Look at: fct_losses for the file and the time that its rows cover.
-- Do: put the file back from a backup; the next publish reads it again. Do not rebuild the models
-- in full before that: what was derived from these rows would go too.
-- Blind to: what retention dropped, which was meant.
{{
    config(
        meta={
            "needs": [],
            "playbook_lines": [],
            "proof": "insert into fct_losses (bot, stream, reason, occurred_at, observed_at, _file) select bot, 'nav', 'gone or damaged, with 1440 archived rows', max(minute), max(minute), 'landing/nav/bot=main/day=2026-01-01/0.parquet' from fct_pipeline_minutes group by bot",
        }
    )
}}
select
    losses.as_of,
    losses.bot,
    losses.stream as subject,
    'warn' as severity,
    min(losses.occurred_at) as since,
    format(
        '{} of {}: {}', count(*) || ' landing files', losses.stream, min(losses.reason)
    ) as reason,
    min(losses.lost_from) as lost_from,
    max(losses.lost_until) as lost_until,
    min(losses._file) as _file,
    min(losses.from_offset) as _offset
from {{ at_clock(ref("fct_losses"), within=var("event_recall_minutes") ~ " minutes") }} as losses
where losses._file like 'landing/%' and losses.reason not like 'retention%'
group by losses.as_of, losses.bot, losses.stream
