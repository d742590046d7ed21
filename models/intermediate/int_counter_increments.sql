-- Counters live in the executor's memory and restart at zero: a value below the one
-- before is a reset, and all of it is new. A reason that appears later starts from
-- nothing.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "counter", "reason", "valid_from"],
    )
}}

with
    published as (
        select bot, counter, reason, run_id, value, published_at, valid_from
        from {{ ref("int_counter_values") }}
        where
            {{ touched("valid_from") }}
            {{ plus_row_before("bot, counter, reason, run_id, value, occurred_at, valid_from") }}
    ),
    compared as (
        select
            *,
            lag(value) over counters as previous_value,
            lag(run_id) over counters as previous_run_id
        from published
        window counters as (partition by bot, counter, reason order by valid_from)
    ),
    corrected as (
        select
            *,
            previous_value is not null
            and (value < previous_value or coalesce(run_id <> previous_run_id, false)) as is_reset
        from compared
    )
select
    bot,
    counter,
    reason,
    run_id,
    value,
    case when is_reset then value else value - coalesce(previous_value, 0) end as increment,
    is_reset,
    published_at as occurred_at,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by bot, counter, reason order by valid_from),
        {{ forever() }}
    ) as valid_to
from corrected
