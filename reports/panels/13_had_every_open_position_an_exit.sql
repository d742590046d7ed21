-- title: Had every open position an exit?
-- note: Counted by key from the bot's files, not from its own published numbers, which lag a loop.
-- A position has an exit when it holds a take profit or a stop loss.
-- chart: step
-- x: started_at
-- x2: ended_at
-- y: positions
-- series: which
-- needs: positions_state, positions_ledger
-- unit: positions
with
    intervals as (
        select
            greatest(valid_from, $since) as started_at,
            least(valid_to, $until) as ended_at,
            open_count,
            covered_count
        from fct_exit_coverage
        where bot = $bot and valid_from < $until and valid_to > $since and valid_from < valid_to
    )
select started_at, ended_at, 'open' as which, open_count as positions
from intervals
union all
select started_at, ended_at, 'with an exit', covered_count
from intervals
order by which, started_at, ended_at
