-- title: How long had each position no exit?
-- note: A gap is an unbroken time without take profit and stop loss; minutes are weighed with the
-- notional that stood unprotected.
-- chart: table
-- needs: positions_state, position_tp_sl
-- compare: without_exit_seconds
-- unit: time, USD, USD x minutes
with
    looks as (
        select
            *,
            greatest(valid_from, $since) as started_at,
            least(valid_to, $until) as ended_at,
            lag(has_exit, 1, true) over (partition by position_key order by valid_from)
            or lag(valid_to) over (partition by position_key order by valid_from)
            < valid_from as is_start
        from fct_positions
        where bot = $bot and valid_from < $until and valid_to > $since and valid_from < valid_to
    ),
    gaps as (
        select
            *,
            epoch(ended_at - started_at) as seconds,
            sum(cast(is_start as bigint)) over (
                partition by position_key order by valid_from rows unbounded preceding
            ) as gap
        from looks
        where not has_exit
    ),
    summed as (
        select
            position_key,
            gap,
            sum(seconds) as seconds,
            sum(seconds / 60 * notional_usd) as usd_minutes,
            max(notional_usd) as worst_usd,
            bool_or(is_underwater) as is_underwater,
            max(ended_at) as last_at
        from gaps
        group by position_key, gap
    )
select
    position_key as position,
    sum(seconds) as without_exit_seconds,
    count(*) as gaps,
    max(seconds) as longest_gap_seconds,
    sum(usd_minutes) as usd_minutes,
    max(worst_usd) as worst_usd,
    bool_or(is_underwater) as was_underwater,
    max(last_at) as last_at
from summed
group by position_key
order by usd_minutes desc, position
