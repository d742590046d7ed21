-- Means: bytes of a log are known to be gone: rotated away unread, cut off or deleted.
-- Look at: fct_losses for the stretch and its interval.
-- Do: treat counts of that interval as lower bounds; run ingest more often than the bot rotates.
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
        '{} bytes of {} are gone: {}',
        sum(to_offset - from_offset),
        min(losses._file),
        min(losses.reason)
    ) as reason,
    sum(to_offset - from_offset) as lost_bytes,
    min(losses._file) as _file,
    min(losses.from_offset) as _offset
from {{ at_clock(ref("fct_losses"), within=var("event_recall_minutes") ~ " minutes") }} as losses
group by losses.as_of, losses.bot, losses.stream
