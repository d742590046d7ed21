-- Means: the bot refused an order for a reason that seeds/veto_reasons.csv does not know.
-- Look at: fct_vetoes by raw_reason; dim_veto_reasons.
-- Do: add the reason to the seed with its family; a new gate deserves a look at the bot's changes.
-- Blind to: a known reason with a new meaning.
{{
    config(
        meta={
            "needs": ["risk_vetoes"],
            "playbook_lines": [],
            "proof": "insert into fct_vetoes (bot, veto_id, symbol, reason, raw_reason, occurred_at) select bot, 'v', 'BTCUSDT', 'moon_phase', 'moon_phase', max(minute) from fct_pipeline_minutes group by bot",
        }
    )
}}
select
    vetoes.as_of,
    vetoes.bot,
    vetoes.raw_reason as subject,
    'warn' as severity,
    min(occurred_at) as since,
    format(
        '{} refusals of the last day say {}, which the vocabulary does not know',
        count(*),
        vetoes.raw_reason
    ) as reason,
    count(*) as refusals,
    min_by(_file, occurred_at) as _file,
    min_by(_offset, occurred_at) as _offset
from {{ at_clock(ref("fct_vetoes"), within="1 day") }} as vetoes
left join {{ ref("veto_reasons") }} as known on known.raw_reason = vetoes.raw_reason
where known.raw_reason is null
group by vetoes.as_of, vetoes.bot, vetoes.raw_reason
