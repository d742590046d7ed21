-- Refusals for one reason with no pause over half an hour are one run; each row stands until the
-- next
-- refusal for that reason.
with
    spaced as (
        select
            bot,
            reason,
            veto_id,
            symbol,
            occurred_at,
            case
                when
                    occurred_at
                    <= lag(occurred_at) over refusals
                    + interval '{{ var("refusal_run_pause_minutes") }} minutes'
                then null
                else occurred_at
            end as starts_at,
            _file,
            _offset
        from {{ ref("int_refusals") }}
        window refusals as (partition by bot, reason order by occurred_at, veto_id)
    ),
    runs as (
        select
            *,
            max(starts_at) over (
                partition by bot, reason
                order by occurred_at, veto_id
                rows between unbounded preceding and current row
            ) as run_from
        from spaced
    )
select
    bot,
    reason,
    veto_id,
    symbol,
    run_from,
    row_number() over (
        partition by bot, reason, run_from order by occurred_at, veto_id
    ) as run_count,
    occurred_at,
    occurred_at as valid_from,
    coalesce(
        lead(occurred_at) over (partition by bot, reason order by occurred_at, veto_id),
        {{ forever() }}
    ) as valid_to,
    _file,
    _offset
from runs
