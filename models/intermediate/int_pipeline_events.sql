-- Every event of the order pipeline as one list: stage, symbol, strategy and time.
{{ config(materialized="view") }}

with
    orders as (
        select orders.*, attempts.strategy
        from {{ ref("int_orders_collapsed") }} as orders
        left join
            {{ ref("int_answers") }} as answers
            on answers.bot = orders.bot
            and answers.answer_key = orders.order_key
            and answers.kind = 'order'
        left join
            {{ ref("int_attempts") }} as attempts
            on attempts.bot = answers.bot
            and attempts.attempt_key = answers.attempt_key
    )
select
    bot,
    'signal' as stage,
    symbol,
    cast(null as varchar) as strategy,
    cast(null as varchar) as reason,
    occurred_at
from {{ ref("stg_signals") }}
where not is_test
union all
select bot, 'attempt', symbol, strategy, null, occurred_at
from {{ ref("int_attempts") }}
union all
select bot, 'refusal', symbol, strategy, reason, occurred_at
from {{ ref("int_refusals") }}
union all
select bot, 'ack', symbol, strategy, null, acked_at
from orders
where is_acked
union all
select bot, 'fill', symbol, strategy, null, coalesce(last_filled_at, first_row_at)
from orders
where is_filled
union all
select bot, 'close', symbol, strategy, null, closed_at
from orders
where is_closed
union all
select bot, 'error', symbol, strategy, null, first_row_at
from orders
where is_error
