-- Means: bytes of a log or versions of a state file are known to be gone, with their interval.
-- Look at: fct_losses for the stretch and its interval.
-- Do: treat counts of that interval as lower bounds; look at the bot more often than it rotates.
-- Blind to: files that came and went between two looks.
{{
    config(
        meta={
            "needs": [],
            "playbook_lines": [],
            "proof": "insert into fct_losses (bot, stream, reason, from_offset, to_offset, occurred_at, observed_at, _file) select bot, 'risk_vetoes', 'rotated away', 0, 100, max(minute), max(minute), 'execution/risk_vetoes.jsonl' from fct_pipeline_minutes group by bot",
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
        '{} of {}: {}',
        coalesce(sum(to_offset - from_offset) || ' bytes', count(*) || ' stretches'),
        coalesce(min(losses._file), 'state files'),
        min(losses.reason)
    ) as reason,
    sum(to_offset - from_offset) as lost_bytes,
    min(losses._file) as _file,
    min(losses.from_offset) as _offset
from {{ at_clock(ref("fct_losses"), within=var("event_recall_minutes") ~ " minutes") }} as losses
where losses._file is null or losses._file not like 'landing/%'
group by losses.as_of, losses.bot, losses.stream
