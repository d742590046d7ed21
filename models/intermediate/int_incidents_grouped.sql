-- Sightings of a check for a bot, grouped: a quiet of the check's `clear` ends an incident, which
-- opened once it had fired for the check's `for`. What cannot be judged neither ends nor opens one.
with
    settled as (
        select
            *,
            coalesce(for_seconds, {{ var("incident_for_seconds") }}) as opens_after,
            quiet_seconds >= coalesce(
                max(clear_seconds) over (partition by bot, check_name),
                {{ var("incident_clear_seconds") }}
            )
            and quiet_from is not null as is_end
        from {{ ref("int_check_sightings") }}
    ),
    numbered as (
        select
            *,
            coalesce(
                sum(cast(is_end as bigint)) over (
                    partition by bot, check_name
                    order by run_number
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as incident_number
        from settled
    ),
    aged as (
        select
            *,
            {{
                seconds_between(
                    "min(case when has_fired then judged_at end) over (partition by bot, check_name, incident_number)",
                    "judged_at",
                )
            }}
            as fired_seconds
        from numbered
    )
select
    bot,
    check_name,
    max(playbook) as playbook,
    case when bool_or(is_crit) then 'crit' else 'warn' end as severity,
    min(since_at) as since_at,
    min(case when has_fired and fired_seconds >= opens_after then judged_at end) as opened_at,
    max(case when has_fired then judged_at end) as last_seen_at,
    max(case when is_end then quiet_from end) as ended_at,
    count(case when has_fired then 1 end) as run_count,
    count(case when has_fired and is_late then 1 end) as late_run_count,
    min(case when has_fired and fired_seconds = 0 then reason end) as first_reason
from aged
group by bot, check_name, incident_number
having min(case when has_fired and fired_seconds >= opens_after then judged_at end) is not null
