-- Means: a risk state or the router's quality changed back and forth within the hour: limits and
-- sizes whip with it.
-- Look at: fct_risk_states and fct_router_states of that hour; NAV steps in fct_nav.
-- Do: find what drives it: a NAV that jumps, a drawdown right at a limit; do not trust a
-- published recovery.
-- Blind to: modes that the bot derives from percents taken for fractions; those are computed anew
-- here.
{{
    config(
        meta={
            "needs": ["risk_snapshot", "router_health"],
            "playbook_lines": ["P2-S2"],
            "explained_by": ["nav_jumped", "published_drawdown_is_wrong", "risk_halts_trading"],
            "proof": "update fct_risk_states set published_is_circuit_active = (minute(valid_from) % 4 < 2)",
            "spares": [
                "update fct_risk_states set published_is_circuit_active = (minute(valid_from) < 30)"
            ],
        }
    )
}}
with
    told as (
        select
            bot,
            valid_from as occurred_at,
            'risk mode' as state,
            risk_mode as now_is,
            _file,
            _sha256
        from {{ ref("fct_risk_states") }}
        union all
        select
            bot,
            valid_from,
            'drawdown circuit',
            case when published_is_circuit_active then 'active' else 'off' end,
            _file,
            _sha256
        from {{ ref("fct_risk_states") }}
        union all
        select bot, valid_from, 'router quality', router_bucket, _file, _sha256
        from {{ ref("fct_router_states") }}
    ),
    states as (
        select *, lag(now_is) over (partition by bot, state order by occurred_at) as was
        from told
        where {{ within_lookback("occurred_at") }}
    )
select
    states.as_of,
    states.bot,
    state as subject,
    'warn' as severity,
    min(occurred_at) as since,
    format(
        '{} changed {} times within the hour, the last time from {} to {}',
        state,
        count(*),
        max_by(was, occurred_at),
        max_by(now_is, occurred_at)
    ) as reason,
    count(*) as changes,
    string_agg(
        strftime(occurred_at, '%H:%M') || ' ' || now_is, ', ' order by occurred_at
    ) as path_taken,
    max_by(_file, occurred_at) as _file,
    max_by(_sha256, occurred_at) as _sha256
from {{ at_clock("states", within="1 hour") }} as states
inner join {{ at_clock(limit("toggles_count")) }} as limits using (as_of, bot)
where was <> now_is
group by states.as_of, states.bot, state
having count(*) >= max(limits.value)
