-- title: How did NAV move?
-- note: What the bot wrote into its own files, also where it was wrong.
-- chart: line
-- x: occurred_at
-- y: nav_usd
-- series: surface
-- flag: flag
-- flags: a step over the limit, an outlier, or no real NAV (0 or cached)
-- label: step
-- gap: 900 seconds
-- unit: USD
with
    judged as (
        select nav.*, abs(nav.step_ratio) >= limits.value and nav.gap_seconds <= 900 as is_step
        from fct_nav as nav
        left join
            limits
            on limits.bot = nav.bot
            and limits.limit_name = 'nav_step_ratio'
            and limits.valid_from <= nav.occurred_at
            and nav.occurred_at < limits.valid_to
        where
            nav.bot = $bot
            and nav.occurred_at > $since
            and nav.occurred_at <= $until
            and nav.surface in ('nav', 'nav_points')
    )
select
    occurred_at,
    nav_usd,
    surface,
    case
        when not is_real
        then 'no real NAV, source ' || coalesce(nav_source, 'unknown')
        when is_step
        then format('step of {:+.2f} USD in {:.0f} s', step_usd, gap_seconds)
        when is_outlier
        then format('outlier, median before it {:,.2f} USD', median_nav_usd)
    end as flag,
    case when is_real and is_step then format('×{:.3f}', nav_usd / previous_nav_usd) end as step
from judged
order by occurred_at, nav_usd
