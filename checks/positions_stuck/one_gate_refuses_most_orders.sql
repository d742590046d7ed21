-- Means: one gate refuses most of the orders of the last hour: many of them, or all there were.
-- Look at: fct_vetoes by reason; thresholds and observations of a refusal; fct_orders for the
-- last order.
-- Do: adjust the config only if that gate is meant to be looser; otherwise fix the
-- config and restart the executor. If NAV is dead or jumped, fix that, not the cap.
-- Blind to: refusals that the bot counts but does not log (restricted symbols), and doctrine
-- vetoes.
{{
    config(
        meta={
            "needs": ["risk_vetoes", "orders_executed"],
            "playbook_lines": ["P1-S1", "P1-S2", "P1-C3", "P1-A1", "P4-C3", "P4-A2"],
            "explained_by": [
                "nav_is_not_live",
                "drawdown_circuit_chatters",
                "risk_halts_trading",
                "capacity_is_deadlocked",
                "config_was_changed",
            ],
            "proof": "insert into fct_vetoes (bot, veto_id, symbol, reason, occurred_at) select bot, 'v' || i, 'BTCUSDT', 'symbol_cap', max(minute) - i * interval '1 minute' from fct_pipeline_minutes, range(40) as r(i) group by bot, i; insert into fct_refusal_runs (bot, reason, veto_id, run_from, run_count, occurred_at, valid_from, valid_to) select bot, 'symbol_cap', 'v', min(occurred_at), 40, max(occurred_at), max(occurred_at), timestamp '9999-12-31' from fct_vetoes where reason = 'symbol_cap' group by bot",
            "also": [
                "delete from fct_orders; insert into fct_vetoes (bot, veto_id, symbol, reason, occurred_at) select bot, 'v' || i, 'BTCUSDT', 'max_concurrent', max(minute) - i * interval '6 minutes' from fct_pipeline_minutes, range(12) as r(i) group by bot, i; insert into fct_refusal_runs (bot, reason, veto_id, run_from, run_count, occurred_at, valid_from, valid_to) select bot, 'max_concurrent', 'v', min(occurred_at), 12, max(occurred_at), max(occurred_at), timestamp '9999-12-31' from fct_vetoes where reason = 'max_concurrent' group by bot"
            ],
            "spares": [
                "insert into fct_vetoes (bot, veto_id, symbol, reason, occurred_at) select bot, 'v' || i, 'BTCUSDT', 'symbol_cap', max(minute) - i * interval '1 minute' from fct_pipeline_minutes, range(40) as r(i) group by bot, i; insert into fct_refusal_runs (bot, reason, veto_id, run_from, run_count, occurred_at, valid_from, valid_to) select bot, 'symbol_cap', 'v', min(occurred_at), 40, max(occurred_at), max(occurred_at), timestamp '9999-12-31' from fct_vetoes where reason = 'symbol_cap' group by bot; insert into fct_orders (bot, order_key, is_acked, is_filled, is_reduce_only, occurred_at, acked_at) select bot, 'o' || i, true, true, false, max(minute) - i * interval '30 seconds', max(minute) from fct_pipeline_minutes, range(60) as r(i) group by bot, i"
            ],
        }
    )
}}
with
    decided as (
        select as_of, bot, reason, occurred_at
        from {{ at_clock(ref("fct_vetoes"), within="1 hour") }} as vetoes
        union all
        select as_of, bot, null as reason, occurred_at
        from {{ at_clock(ref("fct_orders"), within="1 hour") }} as orders
        where is_acked and not is_reduce_only
    ),
    gates as (
        select
            as_of,
            bot,
            mode(reason) as gate,
            count(*) filter (where reason is null) as accepted_orders
        from decided
        group by as_of, bot
    ),
    -- of the last hour, what was decided since the gate began to refuse
    dominant as (
        select
            gates.as_of,
            gates.bot,
            gates.gate,
            gates.accepted_orders,
            runs.run_from,
            count(decided.reason) >= max(enough.value) as is_storm,
            runs._file,
            runs._offset
        from gates
        inner join
            {{ at_clock(ref("fct_refusal_runs")) }} as runs
            on runs.as_of = gates.as_of
            and runs.bot = gates.bot
            and runs.reason = gates.gate
        inner join
            decided
            on decided.as_of = gates.as_of
            and decided.bot = gates.bot
            and decided.occurred_at >= runs.run_from
        inner join
            {{ at_clock(limit("refusals_count")) }} as enough
            on enough.as_of = gates.as_of
            and enough.bot = gates.bot
        inner join
            {{ at_clock(limit("dominant_gate_ratio")) }} as dominance
            on dominance.as_of = gates.as_of
            and dominance.bot = gates.bot
        group by
            gates.as_of,
            gates.bot,
            gates.gate,
            gates.accepted_orders,
            runs.run_from,
            runs.occurred_at,
            runs._file,
            runs._offset
        having
            (
                count(decided.reason) >= max(enough.value)
                and count(*) filter (where decided.reason = gates.gate)
                >= max(dominance.value) * count(*)
                -- two accepted in a row: it is over
                and count(*) filter (
                    where decided.reason is null and decided.occurred_at > runs.occurred_at
                )
                < 2
            )
            or (count(decided.reason) >= 5 and gates.accepted_orders = 0)
    ),
    orders as (
        select
            dominant.as_of,
            dominant.bot,
            max(orders.acked_at) as last_order_ts,
            max(orders.acked_at) filter (where not orders.is_reduce_only) as last_entry_at,
            count(*) filter (
                where
                    orders.is_filled
                    and not orders.is_reduce_only
                    and orders.acked_at >= dominant.run_from
            ) as fills_since,
            count(*) filter (
                where not orders.is_reduce_only and orders.acked_at >= dominant.run_from
            ) as acks_since
        from dominant
        inner join
            {{ ref("fct_orders") }} as orders
            on orders.bot = dominant.bot
            and orders.acked_at <= dominant.as_of
        group by dominant.as_of, dominant.bot
    ),
    -- a gate that always refuses a few began to refuse all after the last order that was accepted
    stuck as (
        select
            dominant.*,
            orders.last_order_ts,
            coalesce(last_entry_at, run_from) as last_entry_at,
            case
                when accepted_orders = 0
                then greatest(run_from, coalesce(last_entry_at, run_from))
                else run_from
            end as storm_start,
            case when accepted_orders = 0 then 0 else coalesce(fills_since, 0) end as fills_since,
            case when accepted_orders = 0 then 0 else coalesce(acks_since, 0) end as acks_since
        from dominant
        left join orders using (as_of, bot)
    ),
    refused as (
        select
            stuck.as_of,
            stuck.bot,
            count(*) as vetoed_attempts,
            count(*) filter (where vetoes.reason = stuck.gate) as gate_refusals
        from stuck
        inner join
            {{ ref("fct_vetoes") }} as vetoes
            on vetoes.bot = stuck.bot
            and vetoes.occurred_at >= stuck.storm_start
            and vetoes.occurred_at <= stuck.as_of
        group by stuck.as_of, stuck.bot
    )
select
    stuck.as_of,
    stuck.bot,
    stuck.gate as subject,
    case when is_storm and acks_since = 0 then 'crit' else 'warn' end as severity,
    case
        when is_storm then storm_start else greatest(storm_start, last_entry_at + interval '1 hour')
    end as since,
    format(
        '{} refused {} of {} orders; {} filled meanwhile, {} positions open',
        stuck.gate,
        gate_refusals,
        vetoed_attempts,
        fills_since,
        coalesce(coverage.open_count, 0)
    ) as reason,
    stuck.gate as dominant_gate,
    gate_refusals,
    vetoed_attempts - gate_refusals as other_refusals,
    vetoed_attempts,
    fills_since as fills_since_storm,
    coverage.open_count as open_positions,
    last_order_ts,
    storm_start,
    stuck._file,
    stuck._offset
from stuck
inner join refused using (as_of, bot)
left join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
-- a few are a fault only once nothing has been accepted for an hour
where is_storm or last_entry_at + interval '1 hour' <= stuck.as_of
