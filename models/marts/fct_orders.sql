-- Every attempt with what became of it, and every order that no attempt explains. An
-- attempt is written before the risk check, so a refused one is here too. The
-- exchange's clock is not the host's: a fill may stand before its ack, so the time to a
-- fill is told by both clocks.
{{ config(materialized="incremental", meta={"touched": "occurred_at"}) }}

with
    answers as (
        select * from {{ ref("int_answers") }} where {{ touched("occurred_at", margin=true) }}
    ),
    -- those too that an order of now answers: it is theirs, and not one without an attempt
    attempts as (
        select *
        from {{ ref("int_attempts") }}
        where
            {{ touched("occurred_at", margin=true) }}
            {% if is_touched_only() %}
                or attempt_key in (select attempt_key from answers)
            {% endif %}
    ),
    refusals as (
        select
            refused.bot,
            answers.attempt_key,
            max(refused.raw_reason) as raw_reason,
            max(refused.reason) as reason
        from {{ ref("int_refusals") }} as refused
        inner join
            answers
            on answers.bot = refused.bot
            and answers.answer_key = refused.veto_id
            and answers.kind = 'refusal'
        where {{ touched("refused.occurred_at", margin=true) }}
        group by refused.bot, answers.attempt_key
    ),
    orders as (
        select
            orders.*,
            answers.attempt_key,
            row_number() over (
                partition by orders.bot, answers.attempt_key
                order by orders.is_acked desc, orders.first_row_at, orders.order_key
            ) as nth_of_attempt
        from {{ ref("int_orders_collapsed") }} as orders
        left join
            answers
            on answers.bot = orders.bot
            and answers.answer_key = orders.order_key
            and answers.kind = 'order'
        where {{ touched("orders.first_row_at", margin=true) }}
    ),
    metrics as (
        select
            bot,
            attempt_id,
            max(route) as route,
            max(slippage_bps) as slippage_bps,
            max(decision_ms) as decision_ms,
            max(ack_ms) as ack_ms,
            max(fill_ms) as fill_ms
        from {{ ref("stg_order_metrics") }}
        where event = 'route' and not is_test and attempt_id in (select attempt_id from attempts)
        group by bot, attempt_id
    ),
    vetoes as (
        select attempts.bot, attempts.attempt_key, looks.status
        from attempts
        inner join
            {{ ref("int_surface_looks") }} as looks
            on {{ same("looks.bot", "attempts.bot") }}
            and looks.valid_from <= attempts.observed_at
            and attempts.observed_at < looks.valid_to
        where looks.surface = 'risk_vetoes'
    )
select
    coalesce(attempts.bot, orders.bot) as bot,
    coalesce(orders.order_key, attempts.attempt_key) as order_key,
    orders.order_id,
    coalesce(attempts.attempt_id, orders.attempt_id) as attempt_id,
    coalesce(attempts.intent_id, orders.intent_id) as intent_id,
    coalesce(attempts.symbol, orders.symbol) as symbol,
    coalesce(attempts.side, orders.side) as side,
    orders.position_side,
    attempts.strategy,
    case
        when orders.is_closed
        then 'closed'
        when orders.is_filled
        then 'filled'
        when orders.is_acked
        then 'acked'
        when refusals.attempt_key is not null
        then 'refused'
        when orders.is_error
        then 'error'
        when attempts.attempt_key is null
        then 'no attempt'
        else 'unexplained'
    end as outcome,
    refusals.reason as refused_reason,
    refusals.raw_reason as refused_raw_reason,
    vetoes.status as refusal_log_status,
    orders.exit_reason,
    orders.error_text,
    metrics.route,
    case
        when coalesce(orders.nth_of_attempt, 1) = 1 and attempts.attempt_key is not null
        then cast(1 as bigint)
        else 0
    end as attempt_count,
    attempts.qty as attempt_qty,
    attempts.price_hint,
    attempts.notional_usd,
    orders.request_qty,
    orders.executed_qty,
    orders.executed_qty / nullif(orders.request_qty, 0) as fill_ratio,
    orders.fill_price,
    orders.fee_usd,
    orders.realized_pnl_usd,
    orders.closed_qty,
    case when coalesce(attempts.side, orders.side) = 'SELL' then -1 else 1 end
    * 10000
    * (orders.fill_price - attempts.price_hint)
    / nullif(attempts.price_hint, 0) as slippage_bps,
    metrics.slippage_bps as published_slippage_bps,
    coalesce(attempts.decision_latency_ms, metrics.decision_ms) as decision_latency_ms,
    coalesce(orders.ack_latency_ms, metrics.ack_ms) as ack_latency_ms,
    metrics.fill_ms as published_fill_latency_ms,
    {{ seconds_between("attempts.signal_at", "attempts.occurred_at") }}
    as signal_to_attempt_seconds,
    {{ seconds_between("attempts.occurred_at", "orders.acked_at") }} as attempt_to_ack_seconds,
    {{ seconds_between("orders.acked_at", "orders.first_filled_at") }} as ack_to_fill_seconds,
    {{ seconds_between("orders.acked_at", "orders.fill_seen_at") }} as ack_to_fill_seen_seconds,
    coalesce(attempts.is_reduce_only, false)
    or coalesce(orders.is_reduce_only, false) as is_reduce_only,
    attempts.attempt_key is not null as has_attempt,
    coalesce(orders.is_acked, false) as is_acked,
    coalesce(orders.is_filled, false) as is_filled,
    coalesce(orders.is_closed, false) as is_closed,
    attempts.occurred_at as attempted_at,
    orders.acked_at,
    orders.first_filled_at,
    orders.last_filled_at,
    orders.fill_seen_at,
    orders.closed_at,
    coalesce(attempts.occurred_at, orders.first_row_at) as occurred_at,
    greatest(attempts.observed_at, orders.observed_at) as observed_at,
    coalesce(attempts._file, orders._file) as _file,
    coalesce(attempts._offset, orders._offset) as _offset
from attempts
full outer join orders on orders.bot = attempts.bot and orders.attempt_key = attempts.attempt_key
left join refusals on refusals.bot = attempts.bot and refusals.attempt_key = attempts.attempt_key
left join metrics on metrics.bot = attempts.bot and metrics.attempt_id = attempts.attempt_id
left join vetoes on vetoes.bot = attempts.bot and vetoes.attempt_key = attempts.attempt_key
