-- Means: the mark has stood beyond a position's TP or SL for longer than the limit and the exit
-- scanner has not triggered since, or, beyond the SL, has sent no order to close it.
-- Look at: fct_positions (mark, levels) against diagnostics.json, last_exit_trigger_ts.
-- Do: close by hand if the loss cannot wait; verify the scanner's price feed; restart the executor.
-- Blind to: a TP of one position while another one triggers.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger", "diagnostics", "orders_attempted"],
            "playbook_lines": ["P1-S3", "P3-S1", "P3-A2"],
            "explained_by": [
                "exit_scan_is_stale",
                "exit_order_was_lost",
                "executor_is_silent",
                "state_file_is_frozen",
            ],
            "proof": "update fct_positions set side = 'LONG', stop_loss_price = 2 * mark_price, valid_from= valid_from - interval '1 hour'; update fct_liveness set last_exit_trigger_at = timestamp '2000-01-01'",
            "also": [
                "update fct_positions set side = 'LONG', stop_loss_price = 2 * mark_price, valid_from= valid_from - interval '1 hour'; delete from fct_orders"
            ],
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
    ),
    crossed as (
        select
            positions.*,
            run.since as crossed_since,
            run.since + limits.value * interval '1 second' as since,
            case when is_beyond_stop then 'SL' else 'TP' end as level_name,
            case when is_beyond_stop then stop_loss_price else take_profit_price end as level_price
        from positions
        inner join
            {{
                while_true(
                    ref("fct_positions"), beyond_tp ~ " or " ~ beyond_sl, ["bot", "position_key"]
                )
            }} as run using (as_of, bot, position_key)
        inner join {{ at_clock(limit("crossed_level_seconds")) }} as limits using (as_of, bot)
        where run.since + limits.value * interval '1 second' < positions.as_of
    ),
    closing as (
        select crossed.as_of, crossed.bot, crossed.position_key, count(*) as attempts
        from crossed
        inner join
            {{ ref("fct_orders") }} as orders
            on orders.bot = crossed.bot
            and orders.symbol = crossed.symbol
            and orders.is_reduce_only
            and {{ within_lookback("orders.occurred_at") }}
            and orders.occurred_at
            >= crossed.crossed_since - interval '{{ var("loop_seconds") }} seconds'
            and orders.occurred_at <= crossed.as_of
        group by crossed.as_of, crossed.bot, crossed.position_key
    )
select
    crossed.as_of,
    crossed.bot,
    crossed.position_key as subject,
    'crit' as severity,
    crossed.since,
    format(
        '{} stands at {} beyond its {} of {} for {:.0f} s and no exit was triggered',
        crossed.position_key,
        mark_price,
        level_name,
        level_price,
        {{ seconds_between("crossed_since", "crossed.as_of") }}
    ) as reason,
    side,
    entry_price,
    mark_price,
    take_profit_price,
    stop_loss_price,
    crossed_since,
    liveness.last_exit_trigger_at as last_exit_trigger_ts,
    'state/positions_state.json' as _file,
    crossed._sha256
from crossed
inner join {{ at_clock(ref("fct_liveness")) }} as liveness using (as_of, bot)
inner join {{ watched() }} as watch using (as_of, bot)
left join closing using (as_of, bot, position_key)
where
    coalesce(
        liveness.last_exit_trigger_at
        < crossed_since - interval '{{ var("loop_seconds") }} seconds',
        true
    )
    -- a take-profit is stamped as hit again and again and not acted on, also by other positions
    or (is_beyond_stop and closing.attempts is null)
