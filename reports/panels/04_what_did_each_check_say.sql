-- title: What did each check say?
-- note: Every check, in five states, told apart by height as well as by colour.
-- chart: strip
-- x: started_at
-- x2: ended_at
-- y: check_name
-- state: state
-- unit: state of a check
-- label: reason
-- states: crit=critical, warn=warning, unknown=cannot be judged, ok=ok,
-- not applicable=not applicable
select replace(check_name, '_', ' ') as check_name, state, started_at, ended_at, playbook, reason
from report_states
where bot = $bot and check_name <> 'all checks'
order by playbook, report_states.check_name, started_at
