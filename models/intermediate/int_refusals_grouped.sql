-- Lines of risk_vetoes.jsonl that speak of one refused order, numbered: L and X, L L
-- and X, or either alone. An X line ends its group; so does a pause.
{{ config(materialized="incremental", meta={"touched": "occurred_at"}) }}

with
    lines as (
        select
            *,
            lag(line_kind) over writer as line_kind_before,
            lag(occurred_at) over writer as occurred_before
        from {{ ref("stg_veto_lines") }}
        where not is_test and {{ touched("occurred_at", margin=true) }}
        window writer as (partition by bot, symbol, pid order by occurred_at, _file_id, _offset)
    ),
    marked as (
        select
            *,
            case
                when
                    line_kind_before = 'L'
                    and occurred_at
                    <= occurred_before + interval '{{ var("refusal_window_seconds") }} seconds'
                then 0
                else 1
            end as is_first
        from lines
    ),
    numbered as (
        select
            *,
            sum(is_first) over (
                partition by bot, symbol, pid
                order by occurred_at, _file_id, _offset
                rows between unbounded preceding and current row
            ) as number
        from marked
    )
select
    bot,
    attempt_id,
    intent_id,
    run_id,
    symbol,
    line_kind,
    raw_reason,
    original_reason,
    gate,
    limit_unit,
    strategy,
    side,
    hostname,
    thresholds,
    observations,
    pid,
    requested_usd,
    nav_usd,
    limit_value,
    observed_value,
    occurred_at,
    observed_at,
    _file_id,
    _file,
    _offset,
    _load_id,
    first_value(_file_id || ':' || _offset) over (
        partition by bot, symbol, pid, number order by occurred_at, _file_id, _offset
    ) as refusal_id
from numbered
