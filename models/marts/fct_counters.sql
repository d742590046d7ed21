{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "counter", "reason", "valid_from"],
    )
}}

select bot, counter, reason, run_id, value, increment, is_reset, occurred_at, valid_from, valid_to
from {{ ref("int_counter_increments") }}
where {{ lasting() }}
