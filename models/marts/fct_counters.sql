select bot, counter, reason, run_id, value, increment, is_reset, occurred_at, valid_from, valid_to
from {{ ref("int_counter_increments") }}
