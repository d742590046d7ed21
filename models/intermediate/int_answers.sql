-- An order or a refusal names its attempt; those of 2025 do not, and belong to the last
-- attempt before them of the same process and symbol. The leg that flips a position is
-- named `<attempt>_reduce`.
{{ config(materialized="incremental", meta={"touched": "occurred_at"}) }}

with
    answers as (
        select
            bot,
            symbol,
            pid,
            first_row_at as occurred_at,
            'order' as kind,
            order_key as answer_key,
            attempt_id
        from {{ ref("int_orders_collapsed") }}
        where {{ touched("first_row_at", margin=true) }}
        union all
        select bot, symbol, pid, occurred_at, 'refusal' as kind, veto_id as answer_key, attempt_id
        from {{ ref("int_refusals") }}
        where has_executor_line and {{ touched("occurred_at", margin=true) }}
    ),
    events as (
        select
            bot,
            symbol,
            pid,
            occurred_at,
            'attempt' as kind,
            attempt_key as answer_key,
            attempt_key,
            occurred_at as attempted_at
        from {{ ref("int_attempts") }}
        where {{ touched("occurred_at", margin=true) }}
        union all
        select
            bot,
            symbol,
            pid,
            occurred_at,
            kind,
            answer_key,
            null as attempt_key,
            null as attempted_at
        from answers
        where attempt_id is null
    ),
    numbered as (
        select
            *,
            count(attempt_key) over (
                partition by bot, symbol, pid
                order by occurred_at, attempted_at nulls last, answer_key
                rows between unbounded preceding and current row
            ) as attempt_number
        from events
    ),
    paired as (
        select
            bot,
            kind,
            answer_key,
            occurred_at,
            max(attempt_key) over of_attempt as attempt_key,
            max(attempted_at) over of_attempt as attempted_at
        from numbered
        window of_attempt as (partition by bot, symbol, pid, attempt_number)
    )
select bot, kind, answer_key, regexp_replace(attempt_id, '_reduce$', '') as attempt_key, occurred_at
from answers
where attempt_id is not null
union all
select bot, kind, answer_key, attempt_key, occurred_at
from paired
where
    kind <> 'attempt'
    and occurred_at <= attempted_at + interval '{{ var("answer_minutes") }} minutes'
