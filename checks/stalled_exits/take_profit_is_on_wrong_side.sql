-- Means: an open position's take-profit lies at or behind its entry (context); where it lies
-- behind the stop as well, the levels are impossible and the position is closed at once.
-- Look at: fct_positions: entry_price, take_profit_price, registered_by.
-- Do: rebuild the ledger and seed the registry anew; look where the level came from, often an
-- older position of that symbol.
-- Blind to: stops beyond the entry, which a trailing stop sets on purpose.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger"],
            "playbook_lines": ["P3-C2"],
            "explained_by": ["ledger_and_registry_disagree"],
            "proof": "update fct_positions set side = 'LONG', take_profit_price = 0.9 * entry_price, stop_loss_price = 0.95 * entry_price, valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
select
    positions.as_of,
    positions.bot,
    positions.position_key as subject,
    case
        when
            {{
                is_beyond(
                    "positions.stop_loss_price",
                    "positions.take_profit_price",
                    "positions.side",
                    "below",
                )
            }}
        then 'crit'
        else 'info'
    end as severity,
    wrong.since,
    format(
        '{} was entered at {}; its take-profit is {}, its stop {}',
        positions.position_key,
        positions.entry_price,
        positions.take_profit_price,
        positions.stop_loss_price
    ) as reason,
    positions.side,
    positions.entry_price,
    positions.mark_price,
    positions.take_profit_price,
    positions.stop_loss_price,
    positions.registered_by,
    'state/position_tp_sl.json' as _file,
    positions._sha256
from {{ at_clock(ref("fct_positions")) }} as positions
inner join
    {{
        while_true(
            ref("fct_positions"),
            "entry_price > 0 and case when side = 'SHORT' then take_profit_price >= entry_price else take_profit_price <= entry_price end",
            ["bot", "position_key"],
        )
    }}
    as wrong using (as_of, bot, position_key)
where wrong.since < positions.as_of - interval '{{ var("loop_seconds") }} seconds'
