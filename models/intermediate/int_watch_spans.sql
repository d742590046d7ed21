-- When a bot was being looked at: spans of polls with no gap over three cycles, and the gaps
-- between. An import covers the event logs of the gap before it.
with
    polls as (
        select distinct
            polls.bot,
            polls.polled_at,
            polls.is_import,
            3 * paces.poll_seconds * interval '1 second' as patience
        from {{ ref("stg_polls") }} as polls
        inner join
            {{ ref("int_loops_measured") }} as paces
            on paces.bot = polls.bot
            and paces.day = cast(polls.polled_at as date)
    ),
    marked as (
        select
            bot,
            polled_at,
            is_import,
            patience,
            case
                when
                    not is_import
                    and polled_at
                    <= lag(polled_at) over (partition by bot order by polled_at) + patience
                then 0
                else 1
            end as is_start
        from polls
    ),
    numbered as (
        select
            bot,
            polled_at,
            is_import,
            patience,
            sum(is_start) over (
                partition by bot order by polled_at rows between unbounded preceding and current row
            ) as span
        from marked
    ),
    spans as (
        select
            bot,
            min(polled_at) as valid_from,
            max(polled_at + patience) as patient_until,
            max(polled_at) as last_polled_at,
            bool_or(is_import) as is_import,
            lead(min(polled_at)) over (partition by bot order by min(polled_at)) as next_from,
            lead(bool_or(is_import)) over (
                partition by bot order by min(polled_at)
            ) as next_is_import
        from numbered
        group by bot, span
    ),
    first_spans as (select bot, min(valid_from) as valid_from from spans group by bot)
select
    bot,
    true as is_watched,
    false as is_imported,
    last_polled_at,
    valid_from,
    least(patient_until, coalesce(next_from, {{ forever() }})) as valid_to
from spans
union all
select
    bot,
    false as is_watched,
    coalesce(next_is_import, false) as is_imported,
    last_polled_at,
    patient_until as valid_from,
    coalesce(next_from, {{ forever() }}) as valid_to
from spans
where patient_until < coalesce(next_from, {{ forever() }})
union all
select
    first_spans.bot,
    false as is_watched,
    true as is_imported,
    null as last_polled_at,
    starts.started_at as valid_from,
    first_spans.valid_from as valid_to
from first_spans
inner join {{ ref("int_import_starts") }} as starts on starts.bot = first_spans.bot
where starts.started_at < first_spans.valid_from
