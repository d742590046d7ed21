-- title: How much money had no exit?
-- note: Notional of the open positions that had neither take profit nor stop loss.
-- chart: step
-- x: started_at
-- x2: ended_at
-- y: unprotected_usd
-- needs: positions_state, positions_ledger
-- unit: USD
select
    greatest(valid_from, $since) as started_at,
    least(valid_to, $until) as ended_at,
    unprotected_usd,
    missing_tp_sl_count as positions,
    unprotected_keys as which
from fct_exit_coverage
where bot = $bot and valid_from < $until and valid_to > $since and valid_from < valid_to
order by started_at, ended_at
