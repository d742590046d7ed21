-- title: When was something wrong?
-- note: One lane per check that fired, above them the verdict of all checks together; below a
-- cause stands what follows from it. A state holds up to the instant that was judged; the facts are
-- those known today.
-- chart: lanes
-- x: started_at
-- x2: ended_at
-- y: lane
-- state: state
-- unit: state of a check
-- label: reason
-- states: crit=critical, warn=warning, unknown=cannot be judged, ok=ok,
-- not applicable=not applicable
with
    fired as (
        select
            check_name,
            min(started_at) as first_at,
            arg_min(split_part(follows_from, ', ', 1), started_at) filter (
                where follows_from is not null
            ) as cause
        from report_states
        where bot = $bot and state in ('crit', 'warn') and check_name <> 'all checks'
        group by check_name
    ),
    placed as (
        select
            fired.check_name,
            coalesce(causes.first_at, fired.first_at) as family_at,
            coalesce(causes.check_name, fired.check_name) as family,
            causes.check_name is not null as is_effect,
            fired.first_at,
            replace(fired.check_name, '_', ' ') || coalesce('  ← ' || fired.cause, '') as lane
        from fired
        left join fired as causes on replace(causes.check_name, '_', ' ') = fired.cause
    )
select
    coalesce(placed.lane, states.check_name) as lane,
    states.state,
    states.started_at,
    states.ended_at,
    states.subject,
    states.reason,
    states.follows_from
from report_states as states
left join placed using (check_name)
where states.bot = $bot and (placed.first_at is not null or states.check_name = 'all checks')
order by
    placed.family_at nulls first,
    placed.family,
    placed.is_effect,
    placed.first_at,
    states.check_name,
    states.started_at
