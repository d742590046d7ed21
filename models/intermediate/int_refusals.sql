-- One row per refused order. The X line speaks for it where there is one (it names the
-- intent), else the last L line.
{{ config(materialized="incremental", meta={"touched": "occurred_at"}) }}

with
    ranked as (
        select
            *,
            count(*) over refusal as line_count,
            count(*) filter (where line_kind = 'L') over refusal as risk_line_count,
            min(occurred_at) over refusal as first_line_at,
            max(observed_at) over refusal as last_observed_at,
            max(limit_value) over gate as gate_limit_value,
            max(observed_value) over gate as gate_observed_value,
            row_number() over (
                partition by bot, refusal_id
                order by line_kind desc, occurred_at desc, _file_id desc, _offset desc
            ) as nth
        from {{ ref("int_refusals_grouped") }}
        where {{ touched("occurred_at", margin=true) }}
        window
            refusal as (partition by bot, refusal_id),
            gate as (partition by bot, refusal_id, coalesce(original_reason, raw_reason))
    )
select
    ranked.bot,
    ranked._file_id || ':' || ranked._offset as veto_id,
    ranked.attempt_id,
    ranked.intent_id,
    ranked.run_id,
    ranked.symbol,
    coalesce(reasons.reason, ranked.raw_reason) as reason,
    ranked.raw_reason,
    reasons.reason is not null as is_known_reason,
    ranked.gate,
    ranked.strategy,
    ranked.side,
    ranked.pid,
    ranked.hostname,
    ranked.requested_usd,
    ranked.nav_usd,
    ranked.limit_unit,
    coalesce(ranked.limit_value, ranked.gate_limit_value) as limit_value,
    coalesce(ranked.observed_value, ranked.gate_observed_value) as observed_value,
    ranked.thresholds,
    ranked.observations,
    ranked.line_count,
    ranked.risk_line_count,
    ranked.line_kind = 'X' as has_executor_line,
    ranked.first_line_at as occurred_at,
    ranked.last_observed_at as observed_at,
    ranked._file,
    ranked._offset
from ranked
left join {{ ref("veto_reasons") }} as reasons on reasons.raw_reason = ranked.raw_reason
where ranked.nth = 1
