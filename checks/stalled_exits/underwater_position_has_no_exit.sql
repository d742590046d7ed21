-- Means: a position has moved against its entry past the limit and has neither TP nor SL.
-- Look at: fct_positions: entry and mark price, levels in the ledger and in the registry.
-- Do: seed the registry now (scripts/seed_exit_registry_from_open_positions.py),
-- rebuild the ledger, then restart the executor; close by hand if the loss cannot wait.
-- Blind to: a position whose mark price is stale; see open_position_has_no_price.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger"],
            "playbook_lines": ["P3-S2", "P3-C1"],
            "explained_by": ["open_position_has_no_exit"],
            "proof": "update fct_positions set take_profit_price = null, stop_loss_price = null, pnl_ratio = -0.05, valid_from= valid_from - interval '10 minutes'",
            "spares": [
                "update fct_positions set take_profit_price = null, stop_loss_price = null, pnl_ratio = -0.01, valid_from= valid_from - interval '10 minutes'"
            ],
        }
    )
}}
with
    limited as (
        select positions.*, limits.value as limit_ratio
        from {{ ref("fct_positions") }} as positions
        inner join
            {{ limit("underwater_ratio") }} as limits
            on limits.bot = positions.bot
            and limits.valid_from <= positions.valid_from
            and positions.valid_from < limits.valid_to
        where {{ within_lookback("positions.valid_from", "positions.valid_to") }}
    ),
    runs as (
        select *
        from
            {{
                while_true(
                    "limited",
                    "take_profit_price is null and stop_loss_price is null and pnl_ratio <= limit_ratio",
                    ["bot", "position_key"],
                )
            }}
    )
select
    positions.as_of,
    positions.bot,
    'unprotected positions' as subject,
    'crit' as severity,
    min(runs.since) as since,
    format(
        '{} underwater without TP/SL, worst {:.1f} %, {:.2f} USD: {}',
        count(*),
        100 * min(pnl_ratio),
        sum(unrealized_pnl_usd),
        string_agg(position_key, ', ' order by position_key)
    ) as reason,
    count(*) as underwater_without_tp_sl_count,
    min(pnl_ratio) as worst_pnl_ratio,
    sum(unrealized_pnl_usd) as unrealized_pnl_usd,
    string_agg(position_key, ', ' order by position_key) as position_keys,
    'state/positions_state.json' as _file,
    max(positions._sha256) as _sha256
from {{ at_clock(ref("fct_positions")) }} as positions
inner join runs using (as_of, bot, position_key)
group by positions.as_of, positions.bot
