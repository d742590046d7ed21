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
        select as_of, bot, mode(reason) as reason, count(*) - count(reason) as accepted_orders
        from decided
        group by as_of, bot
    ),
    -- of the last hour, what was decided since the gate began to refuse
    dominant as (
        select
            gates.*,
            runs.run_from,
            runs.occurred_at,
            runs._file,
            runs._offset,
            count(decided.reason) >= any_value(enough.value) as is_storm
        from gates
        inner join {{ at_clock(ref("fct_refusal_runs")) }} as runs using (as_of, bot, reason)
        inner join decided using (as_of, bot)
        inner join {{ at_clock(limit("refusals_count")) }} as enough using (as_of, bot)
        inner join {{ at_clock(limit("dominant_gate_ratio")) }} as dominance using (as_of, bot)
        where decided.occurred_at >= runs.run_from
        group by all
        having
            (
                count(decided.reason) >= any_value(enough.value)
                and count(*) filter (where decided.reason = gates.reason)
                >= any_value(dominance.value) * count(*)
                -- two accepted in a row: it is over
                and count(*) filter (
                    where decided.reason is null and decided.occurred_at > runs.occurred_at
                )
                < 2
            )
            or (count(decided.reason) >= 5 and accepted_orders = 0)
    ),
    ordered as (
        select
            dominant.as_of,
            dominant.bot,
            dominant.reason as gate,
            accepted_orders,
            is_storm,
            run_from,
            dominant._file,
            dominant._offset,
            max(acked_at) as last_order_ts,
            max(acked_at) filter (where not is_reduce_only) as last_entry_at,
            count(*) filter (
                where not is_reduce_only and acked_at >= run_from and accepted_orders > 0
            ) as acks_since,
            count(*) filter (
                where
                    is_filled
                    and not is_reduce_only
                    and acked_at >= run_from
                    and accepted_orders > 0
            ) as fills_since
        from dominant
        left join
            {{ ref("fct_orders") }} as orders
            on orders.bot = dominant.bot
            and acked_at <= dominant.as_of
        group by all
    ),
    -- one that always refuses a few began to refuse all after the last that was accepted
    stuck as (
        select
            *,
            coalesce(last_entry_at, run_from) + interval '1 hour' as starved_at,
            case
                when accepted_orders = 0 then greatest(run_from, last_entry_at) else run_from
            end as storm_start
        from ordered
    ),
    refused as (
        select
            as_of,
            stuck.bot,
            count(*) as vetoed_attempts,
            count(*) filter (where reason = stuck.gate) as gate_refusals
        from stuck
        inner join
            {{ ref("fct_vetoes") }} as vetoes
            on vetoes.bot = stuck.bot
            and vetoes.occurred_at between storm_start and as_of
        group by all
    )
select
    as_of,
    bot,
    gate as subject,
    case when is_storm and acks_since = 0 then 'crit' else 'warn' end as severity,
    case when is_storm then storm_start else greatest(storm_start, starved_at) end as since,
    format(
        '{} refused {} orders, other gates {}; {} accepted, {} filled meanwhile, {} positions open',
        gate,
        gate_refusals,
        vetoed_attempts - gate_refusals,
        acks_since,
        fills_since,
        coalesce(open_count, 0)
    ) as reason,
    gate as dominant_gate,
    gate_refusals,
    vetoed_attempts - gate_refusals as other_refusals,
    vetoed_attempts,
    fills_since as fills_since_storm,
    open_count as open_positions,
    last_order_ts,
    storm_start,
    stuck._file,
    stuck._offset
from stuck
inner join refused using (as_of, bot)
left join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
-- a few are a fault only once nothing has been accepted for an hour
where is_storm or starved_at <= as_of
