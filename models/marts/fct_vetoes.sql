{{ config(materialized="incremental", meta={"touched": "occurred_at"}) }}

select
    bot,
    veto_id,
    attempt_id,
    intent_id,
    run_id,
    symbol,
    reason,
    raw_reason,
    is_known_reason,
    gate,
    strategy,
    side,
    pid,
    hostname,
    requested_usd,
    nav_usd,
    limit_unit,
    limit_value,
    observed_value,
    thresholds,
    observations,
    line_count,
    risk_line_count,
    has_executor_line,
    occurred_at,
    observed_at,
    _file,
    _offset
from {{ ref("int_refusals") }}
where {{ touched("occurred_at") }}
