-- title: The span in figures
-- chart: figures
-- unit: each figure names its own
-- compare: value, coverage_ratio
with
    nav as (
        select
            arg_min(nav_usd, (occurred_at, surface, nav_usd)) as first_usd,
            arg_max(nav_usd, (occurred_at, surface, nav_usd)) as last_usd,
            min(occurred_at) as first_at,
            arg_max(true_drawdown_ratio, (occurred_at, surface, nav_usd)) as last_ratio,
            max(true_drawdown_ratio) as deepest_ratio,
            arg_min(occurred_at, (- true_drawdown_ratio, occurred_at)) as deepest_at
        from fct_nav
        where
            bot = $bot
            and surface in ('nav', 'nav_points')
            and is_real
            and not is_outlier
            and occurred_at > $since
            and occurred_at <= $until
    ),
    -- a line through NAV bridges a quarter of an hour, no more
    nav_known as (
        select sum(seconds) / epoch($until - $since) as ratio
        from
            (
                select
                    least(
                        epoch(
                            lead(occurred_at, 1, $until) over (order by occurred_at) - occurred_at
                        ),
                        900
                    ) as seconds
                from fct_nav
                where
                    bot = $bot
                    and surface in ('nav', 'nav_points')
                    and occurred_at > $since
                    and occurred_at <= $until
            )
    ),
    minutes as (
        select
            60 * count(*) filter (where is_watched) as watched_seconds,
            sum(attempt_count) as attempts,
            sum(fill_count) as fills,
            sum(close_count) as closes
        from fct_pipeline_minutes
        where bot = $bot and minute >= $since and minute < $until
    ),
    vetoes as (
        select count(*) as refusals
        from fct_vetoes
        where bot = $bot and occurred_at > $since and occurred_at <= $until
    ),
    -- as far as the bot was looked at: a state that nobody saw end is not known to have lasted;
    -- looks that follow each other as one, since a range join of all of them is slow
    looks as (
        select
            valid_from,
            valid_to,
            case
                when valid_from = lag(valid_to) over (order by valid_from) then 0 else 1
            end as is_new
        from fct_surface_health
        where
            bot = $bot
            and surface = 'positions_state'
            and is_usable
            and valid_from < valid_to
            and valid_from < $until
            and valid_to > $since
    ),
    looked as (
        select min(valid_from) as valid_from, max(valid_to) as valid_to
        from (select *, sum(is_new) over (order by valid_from) as stretch from looks)
        group by stretch
    ),
    exits as (
        select
            coverage.unprotected_usd,
            greatest(coverage.valid_from, looked.valid_from, $since) as started_at,
            least(coverage.valid_to, looked.valid_to, $until) as ended_at
        from fct_exit_coverage as coverage
        inner join
            looked
            on looked.valid_from < coverage.valid_to
            and coverage.valid_from < looked.valid_to
        where coverage.bot = $bot and coverage.valid_from < $until and coverage.valid_to > $since
    ),
    exposure as (
        select
            coalesce(
                sum(epoch(ended_at - started_at)) filter (where unprotected_usd > 0), 0
            ) as seconds,
            count(*) as intervals,
            max(unprotected_usd) as worst_usd,
            arg_min(started_at, (- unprotected_usd, started_at)) as worst_at
        from exits
        where started_at < ended_at
    ),
    damages as (
        select count(*) as times, count(distinct surface) as surfaces
        from fct_surface_health
        where
            bot = $bot
            and status not in (
                'ok', 'imported', 'unwritten', 'stale', 'missing', 'not polled', 'not configured'
            )
            and valid_from > $since
            and valid_from <= $until
    ),
    lines as (
        select count(*) as quarantined
        from fct_quarantined_lines
        where bot = $bot and observed_at > $since and observed_at <= $until
    ),
    states as (
        select
            coalesce(
                sum(epoch(ended_at - started_at)) filter (where state = 'crit'), 0
            ) as crit_seconds,
            sum(epoch(ended_at - started_at)) filter (where state <> 'unknown') as judged_seconds
        from report_states
        where bot = $bot and check_name = 'all checks'
    ),
    -- the share of the span in which each file could be built on
    covered as (
        select
            surface,
            coalesce(
                sum(epoch(least(valid_to, $until) - greatest(valid_from, $since))) filter (
                    where is_usable
                ),
                0
            )
            / epoch($until - $since) as ratio
        from fct_surface_health
        where bot = $bot and valid_from < $until and valid_to > $since and valid_from < valid_to
        group by surface
    ),
    figures as (
        select
            1 as place,
            'Critical' as figure,
            case when judged_seconds > 0 then crit_seconds end as value,
            'seconds' as unit,
            'time in which a check was critical' as detail,
            coalesce(judged_seconds, 0) / epoch($until - $since) as coverage_ratio
        from states
        union all
        select
            2,
            'NAV at the end',
            last_usd,
            'USD',
            format(
                '{:+.2f} USD ({:+.2f} %) since {}',
                last_usd - first_usd,
                100 * (last_usd - first_usd) / nullif(first_usd, 0),
                strftime(first_at, '%d %b %H:%M')
            ),
            (select coalesce(ratio, 0) from nav_known)
        from nav
        union all
        select
            3,
            'True drawdown at the end',
            100 * last_ratio,
            '%',
            format(
                'deepest {:.2f} % at {}', 100 * deepest_ratio, strftime(deepest_at, '%d %b %H:%M')
            ),
            (select coalesce(ratio, 0) from nav_known)
        from nav
        union all
        select
            4,
            'Refused',
            case when attempts is not null or refusals > 0 then refusals end,
            'orders',
            format('{} attempts in the log', attempts),
            (select ratio from covered where surface = 'risk_vetoes')
        from vetoes, minutes
        union all
        select
            5,
            'Filled',
            fills,
            'orders',
            format('{} positions closed', closes),
            (select ratio from covered where surface = 'orders_executed')
        from minutes
        union all
        select
            6,
            'Without an exit',
            case when intervals > 0 then seconds end,
            'seconds',
            case
                when worst_usd > 0
                then
                    format('at worst {:,.2f} USD, {}', worst_usd, strftime(worst_at, '%d %b %H:%M'))
                when intervals > 0
                then 'every open position had one'
            end,
            (select ratio from covered where surface = 'positions_state')
        from exposure
        union all
        select
            7,
            'Damaged files',
            case when watched_seconds > 0 then times end,
            'times',
            case
                when watched_seconds > 0
                then format('in {} files; {} unreadable log lines', surfaces, quarantined)
            end,
            watched_seconds / epoch($until - $since)
        from damages, lines, minutes
        union all
        select
            8,
            'Looked at',
            watched_seconds,
            'seconds',
            'time in which somebody read the files',
            watched_seconds / epoch($until - $since)
        from minutes
    )
select *
from figures
order by place
