-- title: Is the published drawdown true?
-- note: True is measured from the highest NAV that was no outlier. Published is what the bot acts
-- on. At its circuit limit, drawn where a third of it was used, it refuses orders.
-- chart: line
-- x: occurred_at
-- y: drawdown_pct
-- series: drawdown
-- gap: 900 seconds
-- unit: % of the peak
select
    occurred_at,
    case surface when 'nav' then 'true' else 'true, by the NAV log' end as drawdown,
    100 * true_drawdown_ratio as drawdown_pct
from fct_nav
where
    bot = $bot
    and occurred_at > $since
    and occurred_at <= $until
    and is_real
    and not is_outlier
    and surface in ('nav', 'nav_points')
union all
select valid_from, 'published', 100 * published_portfolio_dd_ratio
from fct_risk_states
where bot = $bot and valid_from > $since and valid_from <= $until
union all
select valid_from, 'circuit limit', 100 * circuit_limit_ratio
from fct_risk_states
where
    bot = $bot
    and valid_from > $since
    and valid_from <= $until
    and circuit_limit_ratio
    < 3
    * (
        select greatest(max(drawdown_ratio), max(published_portfolio_dd_ratio))
        from fct_risk_states
        where bot = $bot and valid_from > $since and valid_from <= $until
    )
order by drawdown desc, occurred_at, drawdown_pct
