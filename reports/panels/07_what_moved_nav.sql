-- title: What moved NAV?
-- note: From the first real NAV of the span to its last. Unrealised is what the open positions
-- gained or lost on paper, when they were read; the residual is what the logs do not explain:
-- funding, deposits, conversions, or a wrong NAV.
-- chart: meter
-- row: part
-- value: change_usd
-- limit: scale_usd
-- compare: change_usd
-- unit: USD
with
    nav as (
        select
            arg_min(nav_usd, (occurred_at, surface, nav_usd)) as first_usd,
            arg_max(nav_usd, (occurred_at, surface, nav_usd)) as last_usd,
            min(occurred_at) as first_at,
            max(occurred_at) as last_at
        from fct_nav
        where
            bot = $bot
            and surface in ('nav', 'nav_points')
            and is_real
            and not is_outlier
            and occurred_at > $since
            and occurred_at <= $until
    ),
    closed as (
        select
            coalesce(sum(realized_pnl_usd), 0) as realised_usd,
            count(*) filter (where realized_pnl_usd is null) as unknown_count
        from fct_closes, nav
        where bot = $bot and closed_at > first_at and closed_at <= last_at
    ),
    paid as (
        select coalesce(sum(fee_usd), 0) as fees_usd
        from fct_orders, nav
        where bot = $bot and last_filled_at > first_at and last_filled_at <= last_at
    ),
    paper as (
        select
            coalesce(
                sum(unrealized_pnl_usd) filter (where valid_from <= last_at and valid_to > last_at),
                0
            ) - coalesce(
                sum(unrealized_pnl_usd) filter (
                    where valid_from <= first_at and valid_to > first_at
                ),
                0
            ) as unrealised_usd
        from fct_positions, nav
        where bot = $bot and valid_from <= last_at and valid_to > first_at
    ),
    parts as (
        select
            last_usd - first_usd as nav_usd,
            realised_usd,
            unrealised_usd,
            - fees_usd as fees_usd,
            last_usd - first_usd - realised_usd - unrealised_usd + fees_usd as residual_usd,
            unknown_count
        from nav, closed, paid, paper
        where first_at < last_at
    ),
    bridge as (
        select 1 as place, 'realised' as part, realised_usd as change_usd
        from parts
        union all
        select 2, 'unrealised', unrealised_usd
        from parts
        where
            exists (
                select 1
                from fct_surface_health
                where
                    bot = $bot
                    and surface = 'positions_state'
                    and is_usable
                    and valid_from < $until
                    and valid_to > $since
            )
        union all
        select 3, 'fees', fees_usd
        from parts
        union all
        select 4, 'residual', residual_usd
        from parts
        union all
        select 5, 'NAV', nav_usd
        from parts
    )
select
    part,
    change_usd,
    max(abs(change_usd)) over () as scale_usd,
    case
        when part = 'realised' and unknown_count > 0
        then format('{} closes do not say what they realised', unknown_count)
    end as note
from bridge, parts
order by place
