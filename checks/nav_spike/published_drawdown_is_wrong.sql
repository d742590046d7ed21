-- Means: the drawdown that the bot acts on differs from the one over its whole NAV history,
-- outliers left
-- out. The bot looks at its newest 200 points only: it forgets a peak and believes a glitch.
-- Look at: portfolio_dd_pct in risk_snapshot.json against fct_nav.true_drawdown_ratio.
-- Do: do not trust a published recovery; if the peak is a glitch, pin NAV to the last good
-- snapshot and
-- rerun the executor once.
-- Blind to: a glitch that lasts long enough to become the median.
{{
    config(
        meta={
            "needs": ["risk_snapshot", "nav"],
            "playbook_lines": ["P2-S1", "P2-C1", "P1-C1"],
            "explained_by": ["nav_jumped"],
            "proof": "update fct_risk_states set published_portfolio_dd_ratio = 0.67, valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
with
    compared as (
        select risk.*, nav.true_drawdown_ratio, nav.true_peak_usd, nav.nav_usd as nav_now_usd
        from {{ lately(ref("fct_risk_states")) }} as risk
        inner join
            {{ at_clock(ref("fct_nav")) }} as nav
            on nav.as_of = risk.as_of
            and nav.bot = risk.bot
            and nav.surface = 'nav'
        inner join
            {{ at_clock(limit("drawdown_difference_ratio")) }} as allowed
            on allowed.as_of = risk.as_of
            and allowed.bot = risk.bot
        where
            not risk.is_over
            and nav.is_real
            and not nav.is_outlier
            and abs(nav.true_drawdown_ratio - risk.published_portfolio_dd_ratio) > allowed.value
    )
select
    as_of,
    bot,
    'portfolio drawdown' as subject,
    'crit' as severity,
    valid_from as since,
    format(
        'published drawdown {:.2f} %, true {:.2f} % from a peak of {:.2f} USD',
        100 * published_portfolio_dd_ratio,
        100 * true_drawdown_ratio,
        true_peak_usd
    ) as reason,
    published_portfolio_dd_ratio,
    true_drawdown_ratio,
    true_peak_usd,
    nav_now_usd as nav_usd,
    circuit_limit_ratio,
    published_is_circuit_active,
    _file,
    _sha256
from compared
