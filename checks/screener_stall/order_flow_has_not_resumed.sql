-- Means: there was no signal for longer than the limit within the last hour; that signals and
-- orders flow again is not proven yet.
-- Look at: fct_pipeline_minutes since then.
-- Do: confirm new timestamps for signals and orders; if only signals come, look for what holds
-- the orders.
-- Blind to: signals that lead to no order because there is nothing to trade.
{{
    config(
        meta={
            "needs": ["signal_metrics", "orders_attempted"],
            "on_silence": true,
            "playbook_lines": ["P4-A1"],
            "explained_by": ["no_signals", "executor_has_not_resumed"],
            "proof": "update fct_pipeline_minutes set signal_idle_seconds = 7200 where minute between (select max(minute) - interval '12 minutes' from fct_pipeline_minutes) and (select max(minute) - interval '5 minutes' from fct_pipeline_minutes)",
        }
    )
}}
with
    idle as (
        select
            minutes.as_of,
            minutes.bot,
            max(signal_idle_seconds) as idle_seconds,
            max(minute) + interval '1 minute' as idle_until
        from
            {{
                at_clock(
                    ref("fct_pipeline_minutes"),
                    within=var("recovery_watch_minutes") ~ " minutes",
                )
            }} as minutes
        inner join {{ at_clock(limit("signals_idle_seconds")) }} as limits using (as_of, bot)
        where signal_idle_seconds > limits.value and is_watched
        group by minutes.as_of, minutes.bot
        having max(minute) + interval '1 minute' <= minutes.as_of - interval '1 minute'
    ),
    flow as (
        select
            idle.as_of,
            idle.bot,
            idle_seconds,
            idle_until,
            coalesce(sum(signal_count), 0) as signals,
            coalesce(sum(ack_count + refusal_count), 0) as decided
        from idle
        left join
            {{ ref("fct_pipeline_minutes") }} as minutes
            on minutes.bot = idle.bot
            and minutes.minute >= idle.idle_until
            and minutes.minute <= idle.as_of
        group by idle.as_of, idle.bot, idle_seconds, idle_until
        having sum(signal_count) > 0
    )
select
    as_of,
    bot,
    'recovery of the order flow' as subject,
    case
        when
            decided > 0
            and idle_until <= as_of - interval '{{ var("recovery_hold_minutes") }} minutes'
        then 'info'
        else 'warn'
    end as severity,
    idle_until as since,
    format(
        'no signal for up to {:.0f} min until {}; since then {} signals, {} orders accepted or refused',
        idle_seconds / 60,
        strftime(idle_until, '%H:%M'),
        signals,
        decided
    ) as reason,
    idle_seconds,
    cast(signals as bigint) as signals_since,
    cast(decided as bigint) as orders_since,
    'execution/signal_metrics.jsonl' as _file,
    cast(null as bigint) as _offset
from flow
