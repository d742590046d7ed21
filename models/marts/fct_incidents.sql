-- Incidents with those before them, and what people said while they were open.
with
    incidents as (
        select
            *,
            substr(
                md5(coalesce(bot, '') || ' ' || check_name || ' ' || cast(opened_at as varchar)),
                1,
                8
            ) as incident_id,
            row_number() over pair - 1 as seen_before_count,
            lag(ended_at) over pair as previous_ended_at
        from {{ ref("int_incidents_grouped") }}
        window pair as (partition by bot, check_name order by opened_at)
    ),
    linked as (
        select
            *,
            lag(incident_id) over (partition by bot, check_name order by opened_at) as previous_id
        from incidents
    ),
    marked as (
        select
            linked.incident_id,
            marks.mark_kind,
            marks.author,
            marks.reason,
            marks.marked_at,
            marks.until_at,
            row_number() over (
                partition by linked.incident_id, marks.mark_kind
                order by marks.marked_at desc, marks._file_id, marks._offset desc
            ) as recency
        from linked
        inner join
            {{ ref("stg_watch_marks") }} as marks
            on coalesce(marks.bot, linked.bot, '') = coalesce(linked.bot, '')
            and coalesce(marks.check_name, linked.check_name) = linked.check_name
            and marks.marked_at <= coalesce(linked.ended_at, {{ forever() }})
            and case
                when marks.mark_kind = 'silence'
                then marks.until_at > linked.opened_at
                else marks.marked_at >= coalesce(linked.previous_ended_at, timestamp '1970-01-01')
            end
    )
select
    linked.incident_id,
    linked.bot,
    linked.check_name,
    linked.playbook,
    linked.severity,
    linked.first_reason as reason,
    linked.ended_at is null as is_open,
    linked.since_at,
    linked.opened_at,
    linked.last_seen_at,
    linked.ended_at,
    {{
        seconds_between(
            "least(coalesce(since_at, opened_at), opened_at)",
            "coalesce(linked.ended_at, last_seen_at)",
        )
    }} as lasted_seconds,
    linked.run_count,
    linked.late_run_count > 0 as is_late,
    linked.seen_before_count,
    linked.previous_id,
    coalesce(
        linked.opened_at
        <= linked.previous_ended_at + interval '{{ var("incident_reopen_minutes") }} minutes',
        false
    ) as is_reopened,
    acks.marked_at as acked_at,
    acks.author as acked_by,
    acks.reason as ack_reason,
    acks.until_at as acked_until,
    silences.marked_at as silenced_at,
    silences.author as silenced_by,
    silences.reason as silence_reason,
    silences.until_at as silenced_until
from linked
left join
    marked as acks
    on acks.incident_id = linked.incident_id
    and acks.mark_kind = 'ack'
    and acks.recency = 1
left join
    marked as silences
    on silences.incident_id = linked.incident_id
    and silences.mark_kind = 'silence'
    and silences.recency = 1
