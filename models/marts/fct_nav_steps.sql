-- Only steps and pauses that want an explanation. What the bot's own files say of the time
-- between: fills and closes, the move of open positions, a new process, NAVs that were
-- not real, nobody looking. A level that stays without any of these was paid in or out.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from", "moving": ["nav_usd_after", "likely_cause"]},
        unique_key=["bot", "surface", "shape", "occurred_at", "valid_from"],
    )
}}

with
    -- those before too whose NAV after it may have moved
    navs as (
        select *
        from {{ ref("int_nav_measured") }}
        where is_real and {{ touched("valid_from") }}
        {% if is_touched_only() %}
            union all
            select nav.*
            from {{ ref("int_nav_measured") }} as nav
            inner join
                {{
                    last_rows(
                        ref("int_nav_measured") ~ " where is_real and valid_from < " ~ since(),
                        ["bot", "surface", "shape"],
                        "occurred_at",
                        var("nav_median_points"),
                    )
                }} as last_navs using (bot, surface, shape)
            where nav.is_real and nav.valid_from < {{ since() }} and nav.occurred_at >= back_to
        {% endif %}
    ),
    steps as (
        select
            nav.*,
            coalesce(abs(nav.step_ratio) >= {{ var("nav_step_floor_ratio") }}, false) as is_step
        from navs as nav
        left join
            {{ ref("int_loops_measured") }} as paces
            on paces.bot = nav.bot
            and paces.day = cast(nav.valid_from as date)
        where
            nav.previous_at is not null
            and (
                abs(nav.step_ratio) >= {{ var("nav_step_floor_ratio") }}
                or nav.gap_seconds > 3 * coalesce(paces.loop_seconds, {{ var("loop_seconds") }})
            )
    ),
    settled as (
        select
            bot,
            surface,
            shape,
            occurred_at,
            valid_from,
            median(nav_usd) over (
                partition by bot, surface, shape
                order by occurred_at, valid_from
                rows between 1 following and {{ var("nav_median_points") }} following
            ) as nav_usd_after
        from navs
    ),
    -- what open positions stood at, flat books too
    moments as (
        select bot, valid_from as stood_at
        from steps
        union
        select bot, previous_from
        from steps
    ),
    standing as (
        select moments.bot, moments.stood_at, versions.valid_from
        from moments
        inner join
            {{ ref("int_exit_versions") }} as versions
            on {{ same("versions.bot", "moments.bot") }}
            and versions.valid_from <= moments.stood_at
            and moments.stood_at < versions.valid_to
        where versions.positions_at is not null
    ),
    -- rounded: the last digits of a sum of doubles depend on the order of its rows
    books as (
        select
            standing.bot,
            standing.stood_at,
            coalesce(
                round(sum(levels.unrealized_pnl_usd) filter (where levels.is_open), 8), 0
            ) as unrealized_usd
        from standing
        left join {{ ref("int_exit_levels") }} as levels using (bot, valid_from)
        group by standing.bot, standing.stood_at
    ),
    happened as (
        select
            bot,
            coalesce(closed_at, fill_seen_at) as occurred_at,
            'trade' as what,
            coalesce(realized_pnl_usd, 0) - coalesce(fee_usd, 0) as usd
        from {{ ref("int_orders_collapsed") }}
        where is_filled or is_closed
        union all
        select bot, started_at, 'start', null
        from {{ ref("int_executor_lives") }}
        union all
        select bot, occurred_at, 'unreal ' || surface || shape, null
        from {{ ref("int_nav_measured") }}
        where not is_real
        union all
        select bot, valid_from, 'unwatched', null
        from {{ ref("int_watch_spans") }}
        where not is_watched
    ),
    between_ as (
        select
            steps.bot,
            steps.surface,
            steps.shape,
            steps.occurred_at,
            steps.valid_from,
            count(*) filter (where what = 'trade') as trade_count,
            round(sum(usd) filter (where what = 'trade'), 8) as traded_usd,
            count(*) filter (where what = 'start') as start_count,
            count(*) filter (
                where what = 'unreal ' || steps.surface || steps.shape
            ) as unreal_count,
            count(*) filter (where what = 'unwatched') as unwatched_count
        from steps
        inner join
            happened
            on {{ same("happened.bot", "steps.bot") }}
            and happened.occurred_at > steps.previous_at
            and happened.occurred_at <= steps.occurred_at
        group by steps.bot, steps.surface, steps.shape, steps.occurred_at, steps.valid_from
    ),
    bridged as (
        select
            steps.*,
            coalesce(between_.trade_count, 0) as trade_count,
            coalesce(between_.traded_usd, 0) as traded_usd,
            coalesce(between_.start_count, 0) as start_count,
            coalesce(between_.unreal_count, 0) as unreal_count,
            coalesce(between_.unwatched_count, 0) as unwatched_count,
            books.unrealized_usd - earlier.unrealized_usd as unrealized_change_usd,
            steps.step_usd - coalesce(between_.traded_usd, 0) as untraded_usd,
            settled.nav_usd_after
        from steps
        left join between_ using (bot, surface, shape, occurred_at, valid_from)
        left join settled using (bot, surface, shape, occurred_at, valid_from)
        left join books on books.bot = steps.bot and books.stood_at = steps.valid_from
        left join
            books as earlier on earlier.bot = steps.bot and earlier.stood_at = steps.previous_from
    ),
    -- NAV is the wallet, or the wallet and what is open: the nearer of the two counts
    explained as (
        select
            *,
            case
                when abs(untraded_usd - unrealized_change_usd) < abs(untraded_usd)
                then untraded_usd - unrealized_change_usd
                else untraded_usd
            end as unexplained_usd
        from bridged
    )
select
    bot,
    surface,
    shape,
    nav_usd,
    previous_nav_usd,
    step_usd,
    step_ratio,
    step_robust_z,
    gap_seconds,
    trade_count,
    traded_usd,
    unrealized_change_usd,
    unexplained_usd,
    start_count,
    unreal_count,
    unwatched_count,
    nav_usd_after,
    is_step,
    is_outlier,
    case
        when is_step and abs(unexplained_usd) <= 0.2 * abs(step_usd)
        then 'fills and PnL'
        when
            is_step
            and (
                (previous_is_outlier and not is_outlier)
                or abs(nav_usd_after / nullif(previous_nav_usd, 0) - 1)
                < {{ var("nav_step_floor_ratio") }}
            )
        then 'a level that did not last'
        when unreal_count > 0
        then 'dead or cached NAV between'
        when start_count > 0
        then 'restart'
        when unwatched_count > 0
        then 'nobody looked'
        when
            is_step
            and abs(nav_usd_after / nullif(nav_usd, 0) - 1) < {{ var("nav_step_floor_ratio") }}
        then 'paid in or out'
        else 'unexplained'
    end as likely_cause,
    previous_at as started_at,
    occurred_at,
    observed_at,
    valid_from,
    _file,
    _sha256
from explained
