-- Means: NAV moved between two observations by more than a market does.
-- Look at: nav.json before and after; fills, PnL, restarts and deposits at that minute.
-- Do: if an exchange glitch is suspected, pin NAV to the last good snapshot, rerun the
-- executor once and watch nav_state.json; tighten nav_anomalies for the time being.
-- Blind to: a jump across a gap in NAV of more than 15 minutes.
{{
    config(
        meta={
            "needs": ["nav"],
            "playbook_lines": ["P2-S1", "P2-C1", "P2-A2"],
            "explained_by": ["nav_is_not_live", "positions_vanished_without_close"],
            "proof": "update fct_nav set step_ratio = 2.05, step_usd = 20492, previous_nav_usd = 9996, gap_seconds = 60, nav_usd = 30489 where surface = 'nav'",
            "spares": [
                "update fct_nav set step_ratio = 0.05, step_usd = 5000, previous_nav_usd = 100000, nav_usd = 105000, gap_seconds = 60 where surface = 'nav'"
            ],
        }
    )
}}
select
    nav.as_of,
    nav.bot,
    'NAV at ' || strftime(nav.occurred_at, '%H:%M:%S') as subject,
    case when abs(step_ratio) >= jump.value then 'crit' else 'warn' end as severity,
    nav.occurred_at as since,
    format(
        'NAV went from {:.2f} to {:.2f} USD (x{:.3f}) within {:.0f} s',
        previous_nav_usd,
        nav_usd,
        nav_usd / previous_nav_usd,
        gap_seconds
    ) as reason,
    previous_nav_usd as nav_before,
    nav_usd as nav_after,
    step_usd as gap_usd,
    nav_usd / previous_nav_usd as multiplier,
    gap_seconds,
    nav.occurred_at as at,
    nav_source,
    _file,
    _sha256
from {{ at_clock(ref("fct_nav"), within=var("event_recall_minutes") ~ " minutes") }} as nav
inner join {{ at_clock(limit("nav_step_ratio")) }} as step using (as_of, bot)
inner join {{ at_clock(limit("nav_jump_ratio")) }} as jump using (as_of, bot)
where surface in ('nav', 'nav_points') and abs(step_ratio) >= step.value and gap_seconds <= 900
