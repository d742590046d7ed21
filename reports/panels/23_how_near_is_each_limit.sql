-- title: How near came each limit?
-- note: The highest value of the span against the limit in force at its end. A limit of which never
-- a tenth was used guards nothing that happens; watchhouse backtest --dead names those of the
-- checks.
-- chart: meter
-- row: limit_name
-- value: highest
-- limit: limit_value
-- compare: highest
-- unit: as the limit's name says
with
    measured as (
        select
            'drawdown, defensive mode' as limit_name,
            'max_drawdown_ratio' as limit_key,
            max(drawdown_ratio) as highest
        from fct_risk_states
        where bot = $bot and valid_from < $until and valid_to > $since
        union all
        select 'loss of the day', 'daily_loss_ratio', max(daily_loss_ratio)
        from fct_risk_states
        where bot = $bot and valid_from < $until and valid_to > $since
        union all
        select 'drawdown, portfolio circuit', 'portfolio_drawdown_ratio', max(drawdown_ratio)
        from fct_risk_states
        where bot = $bot and valid_from < $until and valid_to > $since
        union all
        select 'open positions', 'max_concurrent_positions', max(open_count)
        from fct_exit_coverage
        where bot = $bot and valid_from < $until and valid_to > $since
        union all
        select 'step of NAV', 'nav_jump_ratio', max(abs(step_ratio))
        from fct_nav
        where
            bot = $bot
            and surface in ('nav', 'nav_points')
            and gap_seconds <= 900
            and occurred_at > $since
            and occurred_at <= $until
        union all
        select
            'age of the exit scan',
            'exit_scan_age_seconds',
            max(epoch(least(valid_to, $until) - last_exit_scan_at))
        from fct_liveness
        where bot = $bot and valid_from < $until and valid_to > $since
        union all
        select
            'executor''s own stamp',
            'silent_seconds',
            max(epoch(least(valid_to, $until) - published_at))
        from fct_liveness
        where bot = $bot and valid_from < $until and valid_to > $since
    )
select
    measured.limit_name,
    cast(measured.highest as double) as highest,
    limits.value as limit_value,
    100 * measured.highest / nullif(limits.value, 0) as used_pct,
    case
        when measured.highest > limits.value
        then 'was passed'
        when measured.highest < 0.1 * limits.value
        then 'never near'
        else ''
    end as verdict,
    measured.limit_key,
    limits.source
from measured
inner join
    limits
    on limits.bot = $bot
    and limits.limit_name = measured.limit_key
    and limits.valid_from < $until
    and limits.valid_to >= $until
where measured.highest is not null
order by used_pct desc, measured.limit_name
