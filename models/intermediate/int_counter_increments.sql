-- Counters live in the executor's memory and restart at zero: a value below the one before is a
-- reset,
-- and all of it is new. A reason that appears later starts from nothing.
with
    compared as (
        select
            values_.*,
            lives.run_id,
            lag(value) over counters as previous_value,
            lag(lives.run_id) over counters as previous_run_id
        from {{ ref("int_counter_values") }} as values_
        left join
            {{ ref("int_executor_lives") }} as lives
            on lives.bot = values_.bot
            and lives.valid_from <= values_.published_at
            and values_.published_at < lives.valid_to
        window counters as (partition by values_.bot, counter, reason order by values_.valid_from)
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
