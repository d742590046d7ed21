-- Means: the mark has stood beyond a position's TP or SL for longer than the limit and the exit
-- scanner
-- has not triggered since.
-- Look at: fct_positions (mark, levels) against diagnostics.json, last_exit_trigger_ts.
-- Do: close by hand if the loss cannot wait; verify the scanner's price feed; restart the executor.
-- Blind to: a trigger that another position caused after the crossing.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger", "diagnostics"],
            "playbook_lines": ["P1-S3", "P3-S1", "P3-A2"],
            "explained_by": ["exit_scan_is_stale", "exit_order_was_lost", "executor_is_silent"],
            "proof": "update fct_positions set side = 'LONG', stop_loss_price = 2 * mark_price, valid_from= valid_from - interval '1 hour'; update fct_liveness set last_exit_trigger_at = timestamp '2000-01-01'",
            "spares": [
                "update fct_positions set side = 'LONG', stop_loss_price = 2 * mark_price where valid_to > (select max(valid_from) - interval '50 seconds' from fct_positions); update fct_liveness set last_exit_trigger_at = timestamp '2000-01-01'"
            ],
        }
    )
}}
{%- set beyond_tp = is_beyond("take_profit_price", "mark_price", "side", "above") -%}
{%- set beyond_sl = is_beyond("stop_loss_price", "mark_price", "side", "below") -%}
with
    positions as (
        select *, coalesce({{ beyond_sl }}, false) as is_beyond_stop
        from {{ at_clock(ref("fct_positions")) }} as positions
    )
select
    positions.as_of,
    positions.bot,
    positions.position_key as subject,
    'crit' as severity,
    crossed.since + limits.value * interval '1 second' as since,
    format(
        '{} stands at {} beyond its {} of {} for {:.0f} s and no exit was triggered',
        positions.position_key,
        positions.mark_price,
        case when positions.is_beyond_stop then 'SL' else 'TP' end,
        case
            when positions.is_beyond_stop
            then positions.stop_loss_price
            else positions.take_profit_price
        end,
        {{ seconds_between("crossed.since", "positions.as_of") }}
    ) as reason,
    positions.side,
    positions.entry_price,
    positions.mark_price,
    positions.take_profit_price,
    positions.stop_loss_price,
    crossed.since as crossed_since,
    liveness.last_exit_trigger_at as last_exit_trigger_ts,
    'state/positions_state.json' as _file,
    positions._sha256
from positions
inner join
    {{ while_true(ref("fct_positions"), beyond_tp ~ " or " ~ beyond_sl, ["bot", "position_key"]) }}
    as crossed using (as_of, bot, position_key)
inner join {{ at_clock(limit("crossed_level_seconds")) }} as limits using (as_of, bot)
inner join {{ at_clock(ref("fct_liveness")) }} as liveness using (as_of, bot)
inner join {{ watched() }} as watch using (as_of, bot)
where
    crossed.since + limits.value * interval '1 second' < positions.as_of
    and coalesce(
        liveness.last_exit_trigger_at
        < crossed.since - interval '{{ var("loop_seconds") }} seconds',
        true
    )
