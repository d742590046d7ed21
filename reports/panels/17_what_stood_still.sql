-- title: What stood still, against what is allowed?
-- note: The longest time that each stage was idle, counted from its last event or the start of the
-- process, whichever is later. The tick is the limit in force at the end; only watched minutes
-- count.
-- chart: meter
-- row: stage
-- value: longest_seconds
-- limit: limit_seconds
-- compare: longest_seconds
-- unit: time
with
    minutes as (
        select *
        from fct_pipeline_minutes
        where bot = $bot and minute >= $since and minute < $until and is_watched
    ),
    looks as (
        select
            valid_from,
            epoch(
                until_at
                - greatest(coalesce(last_exit_trigger_at, process_started_at), process_started_at)
            ) as exit_idle_seconds,
            epoch(
                until_at
                - greatest(coalesce(last_router_event_at, process_started_at), process_started_at)
            ) as router_idle_seconds
        from (select *, least(valid_to, $until) as until_at from fct_liveness)
        where bot = $bot and valid_from < $until and valid_to > $since
    ),
    idle as (
        select
            1 as place,
            'signals' as stage,
            'signals_idle_seconds' as limit_name,
            max(signal_idle_seconds) as longest_seconds,
            arg_max(minute, (signal_idle_seconds, minute)) filter (
                where signal_idle_seconds is not null
            ) as until_at,
            arg_max(signal_idle_seconds, minute) as at_the_end_seconds
        from minutes
        -- attempts come of signals: where there are none, they are not logged
        having
            sum(signal_count) > 0
            or not exists (
                select 1
                from fct_pipeline_minutes
                where bot = $bot and minute >= $since and minute < $until and attempt_count > 0
            )
        union all
        select
            2,
            'orders accepted',
            'orders_idle_seconds',
            max(ack_idle_seconds),
            arg_max(minute, (ack_idle_seconds, minute)) filter (where ack_idle_seconds is not null),
            arg_max(ack_idle_seconds, minute)
        from minutes
        union all
        select
            3,
            'exit triggers',
            'exits_idle_seconds',
            max(exit_idle_seconds),
            arg_max(valid_from, (exit_idle_seconds, valid_from)) filter (
                where exit_idle_seconds is not null
            ),
            arg_max(exit_idle_seconds, valid_from)
        from looks
        union all
        select
            4,
            'router events',
            'router_idle_seconds',
            max(router_idle_seconds),
            arg_max(valid_from, (router_idle_seconds, valid_from)) filter (
                where router_idle_seconds is not null
            ),
            arg_max(router_idle_seconds, valid_from)
        from looks
    )
select
    idle.stage,
    idle.longest_seconds,
    limits.value as limit_seconds,
    idle.until_at,
    idle.at_the_end_seconds
from idle
left join
    limits
    on limits.bot = $bot
    and limits.limit_name = idle.limit_name
    and limits.valid_from < $until
    and limits.valid_to >= $until
where idle.longest_seconds is not null
order by idle.place
