-- Means: an open position has a take-profit but no stop-loss: the bot counts it as covered, and
-- nothing limits its loss.
-- Look at: fct_positions: take_profit_price without stop_loss_price.
-- Do: seed the registry (scripts/seed_exit_registry_from_open_positions.py), rebuild the ledger,
-- restart the executor.
-- Blind to: stop orders that live on the exchange only.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger"],
            "playbook_lines": ["P3-C2"],
            "proof": "update fct_positions set stop_loss_price = null, take_profit_price = 2 * entry_price, valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
select
    positions.as_of,
    positions.bot,
    'stops' as subject,
    'warn' as severity,
    min(run.since) as since,
    format(
        '{} open positions have no stop-loss ({:.0f} USD): {}',
        count(*),
        sum(abs(notional_usd)),
        string_agg(position_key, ', ' order by position_key)
    ) as reason,
    count(*) as positions,
    sum(abs(notional_usd)) as notional_usd,
    min(pnl_ratio) as worst_pnl_ratio,
    'state/position_tp_sl.json' as _file,
    max(positions._sha256) as _sha256
from {{ at_clock(ref("fct_positions")) }} as positions
inner join
    {{
        while_true(
            ref("fct_positions"),
            "take_profit_price is not null and stop_loss_price is null",
            ["bot", "position_key"],
        )
    }} as run using (as_of, bot, position_key)
where run.since < positions.as_of - interval '{{ var("loop_seconds") }} seconds'
group by positions.as_of, positions.bot
