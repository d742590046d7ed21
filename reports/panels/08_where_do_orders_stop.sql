-- title: Where do orders stop?
-- note: From a signal to a closed position. Broken is the first stage that had nothing although far
-- more came from the stage before it than it usually takes.
-- chart: funnel
-- row: stage
-- value: events
-- flag: broken
-- compare: events
-- unit: events
with
    counted as (
        select
            coalesce(sum(signal_count), 0) as signals,
            coalesce(sum(attempt_count), 0) as attempts,
            coalesce(sum(refusal_count), 0) as refusals,
            coalesce(sum(ack_count), 0) as acks,
            coalesce(sum(fill_count), 0) as fills,
            coalesce(sum(close_count), 0) as closes,
            max(minute) filter (where signal_count > 0) as signal_at,
            max(minute) filter (where attempt_count > 0) as attempt_at,
            max(minute) filter (where ack_count > 0) as ack_at,
            max(minute) filter (where fill_count > 0) as fill_at,
            max(minute) filter (where close_count > 0) as close_at,
            count(*) as minutes
        from fct_pipeline_minutes
        where bot = $bot and minute >= $since and minute < $until
    ),
    listed as (
        -- attempts come of signals: where there are none, they are not logged
        select 1 as place, 'signals' as stage, signals as events, signal_at as last_at
        from counted
        where minutes > 0 and (signals > 0 or attempts = 0)
        union all
        select 2, 'attempts', attempts, attempt_at
        from counted
        where minutes > 0
        union all
        select 3, 'accepted', acks, ack_at
        from counted
        where minutes > 0
        union all
        select 4, 'filled', fills, fill_at
        from counted
        where minutes > 0
        union all
        select 5, 'closed', closes, close_at
        from counted
        where minutes > 0
    ),
    -- what came from the stage before since a stage had its last event
    waiting as (
        select
            listed.*,
            lag(listed.events) over (order by listed.place) as came,
            (
                select
                    sum(
                        case
                            listed.stage
                            when 'attempts'
                            then minutes.signal_count
                            when 'accepted'
                            then minutes.attempt_count
                            when 'filled'
                            then minutes.ack_count
                        end
                    )
                from fct_pipeline_minutes as minutes
                where
                    minutes.bot = $bot
                    and minutes.minute > coalesce(listed.last_at, $since)
                    and minutes.minute >= $since
                    and minutes.minute < $until
            ) as since_last
        from listed
    ),
    judged as (
        select
            *,
            coalesce(since_last, 0) >= 20
            and since_last >= 10 * came / greatest(events, 1) as is_broken
        from waiting
    )
select
    stage,
    events,
    100 * events / nullif(came, 0) as of_the_stage_before_pct,
    last_at,
    case
        when is_broken and place = min(place) filter (where is_broken) over ()
        then format('none for the last {} that came', since_last)
    end as broken
from judged
order by place
