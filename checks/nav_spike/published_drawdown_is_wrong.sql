-- Means: the drawdown that the bot acts on differs from the one over its whole NAV
-- history, outliers left out. The bot looks at its newest 200 points only: it forgets a
-- peak and believes a glitch.
-- Look at: portfolio_dd_pct in risk_snapshot.json against fct_nav.true_drawdown_ratio.
-- Do: do not trust a published recovery; if the peak is a glitch, pin NAV to the last
-- good snapshot and rerun the executor once.
-- Blind to: a glitch that lasts long enough to become the median.
{{
    config(
        meta={
            "needs": ["risk_snapshot", "nav"],
            "playbook_lines": ["P2-S1", "P2-C1", "P1-C1"],
            "explained_by": ["nav_jumped", "nav_history_was_erased"],
            "proof": "update fct_risk_states set published_portfolio_dd_ratio = 0.67, valid_from= valid_from - interval '10 minutes'",
            "spares": [
                "update fct_nav set true_drawdown_ratio = 0.5 where surface <> 'nav'",
                "update fct_risk_states set published_portfolio_dd_ratio = 0.005, valid_from= valid_from - interval '10 minutes'",
            ],
        }
    )
}}
with
    -- by windows: the planner joins two long tables of intervals row by row
    changes as (
        select bot, valid_from, valid_from as risk_from, null as nav_from
        from {{ ref("fct_risk_states") }}
        where {{ within_lookback("valid_from", "valid_to") }}
        union all
        select bot, valid_from, null as risk_from, valid_from as nav_from
        from {{ ref("fct_nav") }}
        where surface = 'nav' and {{ within_lookback("valid_from", "valid_to") }}
    ),
    paired as (
        select
            bot,
            valid_from,
            lead(valid_from, 1, {{ forever() }}) over in_time as valid_to,
            max(risk_from) over so_far as risk_from,
            max(nav_from) over so_far as nav_from
        from changes
        window
            in_time as (partition by bot order by valid_from),
            so_far as (
                partition by bot
                order by valid_from
                rows between unbounded preceding and current row
            )
    ),
    limited as (
        select
            paired.bot,
            risk.published_portfolio_dd_ratio,
            risk.circuit_limit_ratio,
            risk.published_is_circuit_active,
            nav.true_drawdown_ratio,
            nav.true_peak_usd,
            nav.nav_usd,
            abs(nav.true_drawdown_ratio - risk.published_portfolio_dd_ratio) as difference_ratio,
            nav.is_real and not nav.is_outlier as is_comparable,
            limits.value as allowed_ratio,
            paired.valid_from,
            paired.valid_to,
            risk._file,
            risk._sha256
        from paired
        left join
            {{ ref("fct_risk_states") }} as risk
            on risk.bot = paired.bot
            and risk.valid_from = paired.risk_from
            and {{ within_lookback("risk.valid_from", "risk.valid_to") }}
        left join
            {{ ref("fct_nav") }} as nav
            on nav.bot = paired.bot
            and nav.valid_from = paired.nav_from
            and nav.surface = 'nav'
            and {{ within_lookback("nav.valid_from", "nav.valid_to") }}
        inner join
            {{ limit("drawdown_difference_ratio") }} as limits
            on limits.bot = paired.bot
            and limits.valid_from <= paired.valid_from
            and paired.valid_from < limits.valid_to
        where paired.valid_from < paired.valid_to
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
