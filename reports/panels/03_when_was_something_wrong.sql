-- title: When was something wrong?
-- note: One lane per check that fired, above them the verdict of all checks together. A state
-- holds up to the instant that was judged; the facts are those known today.
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
        select check_name, min(started_at) as first_at
        from report_states
        where bot = $bot and state in ('crit', 'warn') and check_name <> 'all checks'
        group by check_name
    )
select
    replace(states.check_name, '_', ' ') as lane,
    states.state,
    states.started_at,
    states.ended_at,
    states.subject,
    states.reason
from report_states as states
left join fired using (check_name)
where states.bot = $bot and (fired.first_at is not null or states.check_name = 'all checks')
order by fired.first_at nulls first, states.check_name, states.started_at
