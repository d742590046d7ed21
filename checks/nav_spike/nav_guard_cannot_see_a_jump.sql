-- Means: the bot's own NAV guard would let a move of more than a quarter of NAV pass.
-- Look at: nav_anomalies in risk_limits.json against the NAV of now.
-- Do: tighten max_multiplier_intraday and max_gap_abs_usd for the time being; backtest the value
-- first.
-- Blind to: whether the guard is called at all (tests/integration/test_nav_anomaly_guard.py).
{{
    config(
        meta={
            "needs": ["nav"],
            "playbook_lines": ["P2-C2", "P2-A1"],
            "proof": "update fct_nav set nav_usd = 1000 where surface = 'nav'",
            "spares": [
                "update fct_nav set nav_usd = 1000 where surface = 'nav'; update limits set value = 1.1 where limit_name = 'nav_guard_multiplier'"
            ],
        }
    )
}}
select
    nav.as_of,
    nav.bot,
    'nav_anomalies' as subject,
    'info' as severity,
    nav.valid_from as since,
    format(
        'at a NAV of {:.0f} USD the guard sees no move under {:.0f} USD ({:.0f} %)',
        nav.nav_usd,
        least(gap.value, (multiplier.value - 1) * nav.nav_usd),
        100 * least(gap.value, (multiplier.value - 1) * nav.nav_usd) / nav.nav_usd
    ) as reason,
    nav.nav_usd,
    least(gap.value, (multiplier.value - 1) * nav.nav_usd) as smallest_visible_usd,
    multiplier.value as max_multiplier_intraday,
    gap.value as max_gap_abs_usd,
    nav._file,
    nav._sha256
from {{ at_clock(ref("fct_nav")) }} as nav
inner join {{ at_clock(limit("nav_guard_gap_usd")) }} as gap using (as_of, bot)
inner join {{ at_clock(limit("nav_guard_multiplier")) }} as multiplier using (as_of, bot)
where
    nav.surface = 'nav'
    and nav.is_real
    and least(gap.value, (multiplier.value - 1) * nav.nav_usd) > 0.25 * nav.nav_usd
