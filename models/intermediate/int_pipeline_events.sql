-- Every event of the order pipeline as one list: stage, symbol and time.
select bot, 'signal' as stage, symbol, cast(null as varchar) as reason, occurred_at
from {{ ref("stg_signals") }}
where not is_test
union all
select bot, 'attempt', symbol, null, occurred_at
from {{ ref("int_attempts") }}
union all
select bot, 'refusal', symbol, reason, occurred_at
from {{ ref("int_refusals") }}
union all
select bot, 'ack', symbol, null, acked_at
from {{ ref("int_orders_collapsed") }}
where is_acked
union all
select bot, 'fill', symbol, null, coalesce(last_filled_at, first_row_at)
from {{ ref("int_orders_collapsed") }}
where is_filled
union all
select bot, 'close', symbol, null, closed_at
from {{ ref("int_orders_collapsed") }}
where is_closed
union all
select bot, 'error', symbol, null, first_row_at
from {{ ref("int_orders_collapsed") }}
where is_error
