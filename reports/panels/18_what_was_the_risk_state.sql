-- title: What was the risk state?
-- note: As the bot published it and as it follows from its numbers by the documented limits.
-- chart: lanes
-- x: started_at
-- x2: ended_at
-- y: lane
-- state: state
-- label: said
-- states: crit=defensive or circuit open, warn=cautious, unknown=not known, ok=normal
-- needs: risk_snapshot
-- unit: state of the bot
with
    states as (
        select *, greatest(valid_from, $since) as started_at, least(valid_to, $until) as ended_at
        from fct_risk_states
        where bot = $bot and valid_from < $until and valid_to > $since and valid_from < valid_to
    ),
    said as (
        select
            1 as place,
            'risk mode, published' as lane,
            published_risk_mode as said,
            started_at,
            ended_at
        from states
        union all
        select 2, 'risk mode, recomputed', risk_mode, started_at, ended_at
        from states
        union all
        select 3, 'drawdown state, published', published_dd_state, started_at, ended_at
        from states
        union all
        select 4, 'drawdown state, recomputed', dd_state, started_at, ended_at
        from states
        union all
        select
            5,
            'portfolio circuit, published',
            case when published_is_circuit_active then 'open' else 'closed' end,
            started_at,
            ended_at
        from states
        where published_is_circuit_active is not null
    ),
    blocks as (
        select
            *,
            said is not distinct from lag(said) over (partition by place order by started_at)
            and started_at = lag(ended_at) over (partition by place order by started_at) as goes_on
        from said
    ),
    numbered as (
        select
            *,
            sum(cast(not goes_on as bigint)) over (
                partition by place order by started_at rows unbounded preceding
            ) as block
        from blocks
    )
select
    lane,
    case
        when said is null or lower(said) = 'unknown'
        then 'unknown'
        when lower(said) in ('ok', 'normal', 'closed')
        then 'ok'
        when lower(said) in ('warn', 'cautious', 'caution')
        then 'warn'
        else 'crit'
    end as state,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    said
from numbered
group by place, lane, block, said
order by place, started_at
