-- title: Which files were damaged or late?
-- note: Files that were so at some time in the span and good at another.
-- chart: lanes
-- x: started_at
-- x2: ended_at
-- y: surface
-- state: state
-- label: why
-- states: crit=damaged, warn=late or missing, unknown=not looked at, ok=good
-- needs: positions_state
-- unit: state of a file
with
    looks as (
        select
            surface,
            status,
            case
                when status in ('ok', 'imported')
                then 'ok'
                when status in ('stale', 'missing')
                then 'warn'
                when status in ('not polled', 'not configured')
                then 'unknown'
                else 'crit'
            end as state,
            greatest(valid_from, $since) as started_at,
            least(valid_to, $until) as ended_at,
            concat_ws(': ', reason, detail) as why
        from fct_surface_health
        where
            bot = $bot
            and valid_from < $until
            and valid_to > $since
            and valid_from < valid_to
            -- a file that does not exist yet is no fault
            and not (status = 'missing' and reason is null)
            and status <> 'unwritten'
    ),
    blocks as (
        select
            *,
            case
                when
                    status = lag(status) over (partition by surface order by started_at)
                    and started_at = lag(ended_at) over (partition by surface order by started_at)
                    and state <> 'crit'
                then 0
                else 1
            end as is_new
        from looks
    ),
    numbered as (
        select
            *,
            sum(is_new) over (
                partition by surface order by started_at rows unbounded preceding
            ) as block
        from blocks
    ),
    troubled as (
        select surface
        from looks
        group by surface
        having bool_or(state = 'ok') and bool_or(state in ('crit', 'warn'))
    )
select
    surface,
    state,
    status,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    min(why) filter (where state <> 'ok') as why
from numbered
semi join troubled using (surface)
group by surface, state, status, block
order by surface, started_at
