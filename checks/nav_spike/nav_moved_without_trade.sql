-- Means: NAV took a step too small to be a jump that neither fills nor open positions explain: a
-- deposit or withdrawal, another price source, or a glitch of the exchange.
-- Look at: fct_nav_steps: what was traded and what open positions gained between the two.
-- Do: ask whether money was moved; if not, look at the balances of nav.json before and after. A
-- step that does not last is a glitch: pin NAV to the last good snapshot.
-- Blind to: a NAV that drifts in steps under half a percent.
{{
    config(
        meta={
            "needs": ["nav", "positions_state", "orders_executed"],
            "playbook_lines": ["P2-S1", "P2-A2"],
            "explained_by": ["nav_is_not_live", "positions_vanished_without_close"],
            "proof": "insert into fct_nav_steps (bot, surface, shape, previous_nav_usd, nav_usd, step_usd, step_ratio, traded_usd, unrealized_change_usd, unexplained_usd, unreal_count, unwatched_count, likely_cause, occurred_at, valid_from) select bot, 'nav', 'executor', 10000, 10150, 150, 0.015, 0, 1, 149, 0, 0, 'paid in or out', max(minute), max(minute) from fct_pipeline_minutes group by bot",
            "spares": [
                "insert into fct_nav_steps (bot, surface, shape, previous_nav_usd, nav_usd, step_usd, step_ratio, traded_usd, unrealized_change_usd, unexplained_usd, unreal_count, unwatched_count, likely_cause, occurred_at, valid_from) select bot, 'nav', 'executor', 10000, 10150, 150, 0.015, 120, 1, 30, 0, 0, 'unexplained', max(minute), max(minute) from fct_pipeline_minutes group by bot",
                "insert into fct_nav_steps (bot, surface, shape, previous_nav_usd, nav_usd, step_usd, step_ratio, traded_usd, unrealized_change_usd, unexplained_usd, unreal_count, unwatched_count, likely_cause, occurred_at, valid_from) select bot, 'nav', 'executor', 10000, 10300, 300, 0.03, 0, 1, 299, 0, 0, 'paid in or out', max(minute), max(minute) from fct_pipeline_minutes group by bot",
            ],
        }
    )
}}
select
    steps.as_of,
    steps.bot,
    'NAV at ' || strftime(steps.occurred_at, '%H:%M:%S') as subject,
    'warn' as severity,
    steps.occurred_at as since,
    format(
        'NAV went from {:.2f} to {:.2f} USD, {:.2f} of it without a trade: {}',
        previous_nav_usd,
        nav_usd,
        unexplained_usd,
        likely_cause
    ) as reason,
    previous_nav_usd as nav_before,
    nav_usd as nav_after,
    step_usd as gap_usd,
    traded_usd,
    unrealized_change_usd,
    unexplained_usd,
    likely_cause,
    _file,
    _sha256
from {{ at_clock(ref("fct_nav_steps"), within=var("event_recall_minutes") ~ " minutes") }} as steps
inner join {{ at_clock(limit("nav_unexplained_ratio")) }} as unexplained using (as_of, bot)
inner join {{ at_clock(limit("nav_step_ratio")) }} as step using (as_of, bot)
where
    surface = 'nav'
    and abs(step_ratio) < step.value
    and abs(unexplained_usd) >= greatest(20, unexplained.value * previous_nav_usd)
    -- both ends are known: the files around it were read, positions among them
    and unreal_count = 0
    and unwatched_count = 0
    and unrealized_change_usd is not null
