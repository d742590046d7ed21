-- How many keys there are of each kind: open, covered, one-sided, known to one file only.
{{ config(materialized="incremental", meta={"touched": "valid_from"}) }}

select
    bot,
    valid_from,
    count(*) filter (where is_open) as open_count,
    count(*) filter (where is_in_ledger) as ledger_count,
    count(*) filter (where is_in_registry) as registry_count,
    count(*) filter (where is_open and (has_tp or has_sl)) as covered_count,
    count(*) filter (where is_open and not is_in_ledger) as missing_ledger_count,
    count(*) filter (where is_in_ledger and not is_open) as ghost_ledger_count,
    count(*) filter (where is_open and not has_tp and not has_sl) as missing_tp_sl_count,
    count(*) filter (where is_in_registry and not is_open) as stale_tp_sl_count,
    count(*) filter (where is_open and has_tp <> has_sl) as one_sided_count,
    count(*) filter (where is_open and is_sl_crossed) as crossed_stop_count,
    count(*) filter (
        where is_open and {{ is_beyond("take_profit_price", "mark_price", "side", "above") }}
    ) as crossed_target_count,
    count(*) filter (
        where
            is_open
            and (
                {{ is_beyond("take_profit_price", "entry_price", "side", "above") }}
                or {{ is_beyond("stop_loss_price", "entry_price", "side", "below") }}
            )
    ) as wrong_side_count,
    count(*) filter (
        where is_open and not has_tp and not has_sl and unrealized_pnl_usd < 0
    ) as underwater_unprotected_count,
    -- rounded: the last digits of a sum of doubles depend on the order of its rows
    coalesce(
        round(sum(abs(notional_usd)) filter (where is_open and not has_tp and not has_sl), 8), 0
    ) as unprotected_usd,
    string_agg(position_key, ', ' order by position_key) filter (
        where is_open and not has_tp and not has_sl
    ) as unprotected_keys,
    string_agg(position_key, ', ' order by position_key) filter (
        where is_in_registry and not is_open
    ) as stale_keys,
    max(ledger_sha256) as ledger_sha256,
    max(positions_sha256) as positions_sha256
from {{ ref("int_exit_levels") }}
where {{ touched("valid_from") }}
group by bot, valid_from
