-- title: How good are the checks?
-- note: Checks that fired or could not be judged. Many short firings mean a limit that is too near;
-- much unknown means files that are not read.
-- chart: table
-- compare: firings, fired_pct
-- unit: shares of the span in %
with
    states as (
        select *, epoch(ended_at - started_at) as seconds
        from report_states
        where bot = $bot and check_name <> 'all checks'
    ),
    marked as (
        select
            *,
            state in ('crit', 'warn')
            and coalesce(
                lag(state) over (partition by check_name order by started_at)
                not in ('crit', 'warn'),
                true
            ) as begins
        from states
    )
select
    replace(check_name, '_', ' ') as check_name,
    count(*) filter (where begins) as firings,
    100
    * coalesce(sum(seconds) filter (where state in ('crit', 'warn')), 0)
    / sum(seconds) as fired_pct,
    100 * coalesce(sum(seconds) filter (where state = 'crit'), 0) / sum(seconds) as crit_pct,
    coalesce(sum(seconds) filter (where state in ('crit', 'warn')), 0)
    / nullif(count(*) filter (where begins), 0) as mean_firing_seconds,
    100 * coalesce(sum(seconds) filter (where state = 'unknown'), 0) / sum(seconds) as unknown_pct,
    playbook
from marked
group by check_name, playbook
having bool_or(state in ('crit', 'warn', 'unknown'))
order by fired_pct desc, unknown_pct desc, check_name
