-- Refusals for one reason with no pause over half an hour are one run; each row stands
-- until the next refusal for that reason.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "reason", "veto_id"],
    )
}}

with
    spaced as (
        select
            bot,
            reason,
            veto_id,
            symbol,
            occurred_at,
            known.run_count as known_count,
            case
                when known.run_from is not null
                then known.run_from
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
        left join
            {{ row_before(["bot", "reason", "veto_id", "run_from", "run_count"]) }} as known using (
                bot, reason, veto_id
            )
        where {{ touched("occurred_at") }} or known.veto_id is not null
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
    cast(
        sum(coalesce(known_count, 1)) over (
            partition by bot, reason, run_from
            order by occurred_at, veto_id
            rows unbounded preceding
        ) as bigint
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
