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
            "explained_by": ["nav_jumped", "nav_history_was_erased"],
            "proof": "update fct_risk_states set published_portfolio_dd_ratio = 0.67, valid_from= valid_from - interval '10 minutes'",
            "spares": [
                "update fct_risk_states set published_portfolio_dd_ratio = 0.005, valid_from= valid_from - interval '10 minutes'"
            ],
        }
    )
}}
with
    compared as (
        select
            risk.bot,
            risk.published_portfolio_dd_ratio,
            risk.circuit_limit_ratio,
            risk.published_is_circuit_active,
            nav.true_drawdown_ratio,
            nav.true_peak_usd,
            nav.nav_usd,
            abs(nav.true_drawdown_ratio - risk.published_portfolio_dd_ratio) as difference_ratio,
            nav.is_real and not nav.is_outlier as is_comparable,
            greatest(risk.valid_from, nav.valid_from) as valid_from,
            least(risk.valid_to, nav.valid_to) as valid_to,
            risk._file,
            risk._sha256
        from {{ ref("fct_risk_states") }} as risk
        inner join
            {{ ref("fct_nav") }} as nav
            on nav.bot = risk.bot
            and nav.surface = 'nav'
            and nav.valid_from < risk.valid_to
            and risk.valid_from < nav.valid_to
    ),
    limited as (
        select compared.*, limits.value as allowed_ratio
        from compared
        inner join
            {{ limit("drawdown_difference_ratio") }} as limits
            on limits.bot = compared.bot
            and limits.valid_from <= compared.valid_from
            and compared.valid_from < limits.valid_to
    )
select
    limited.as_of,
    limited.bot,
    'portfolio drawdown' as subject,
    'crit' as severity,
    run.since,
    format(
        'published drawdown {:.2f} %, true {:.2f} % from a peak of {:.2f} USD',
        100 * published_portfolio_dd_ratio,
        100 * true_drawdown_ratio,
        true_peak_usd
    ) as reason,
    published_portfolio_dd_ratio,
    true_drawdown_ratio,
    true_peak_usd,
    nav_usd,
    circuit_limit_ratio,
    published_is_circuit_active,
    _file,
    _sha256
from {{ at_clock("limited") }} as limited
inner join
    {{ while_true("limited", "is_comparable and difference_ratio > allowed_ratio", "bot") }} as run
    using (as_of, bot)
