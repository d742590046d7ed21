-- One row per line of risk_vetoes.jsonl. L lines come from risk_limits, X lines from the executor.
with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "position_side": "VARCHAR", "strategy": "VARCHAR", "source_head": "VARCHAR", "veto_reason": "VARCHAR", "original_reason": "VARCHAR", "run_id": "VARCHAR", "pid": "BIGINT", "hostname": "VARCHAR", "gate": "VARCHAR", "qty_req": "DOUBLE", "context": "JSON", "thresholds": "JSON", "observations": "JSON", "veto_detail": {"gate": "VARCHAR", "limit": "VARCHAR", "reasons": ["VARCHAR"], "nav": "DOUBLE", "intent": {"attempt_id": "VARCHAR", "intent_id": "VARCHAR", "strategy": "VARCHAR", "gross_usd": "DOUBLE"}, "nav_snapshot": {"nav_usd": "DOUBLE"}, "thresholds": "JSON", "observations": "JSON"} }',
                )
            }}
            as j
        from {{ source("raw", "risk_vetoes") }}
        where _superseded_at is null
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.veto_detail.intent.attempt_id,
            j.veto_detail.intent.intent_id,
            j.run_id,
            upper(j.symbol) as symbol,
            -- text
            case when j.run_id is not null or j.side is not null then 'X' else 'L' end as line_kind,
            j.veto_reason as raw_reason,
            j.original_reason,
            coalesce(j.gate, j.veto_detail.gate) as gate,
            coalesce(j.strategy, j.source_head, j.veto_detail.intent.strategy) as strategy,
            j.side,
            j.hostname,
            coalesce(j.thresholds, j.veto_detail.thresholds) as thresholds,
            coalesce(j.observations, j.veto_detail.observations) as observations,
            -- numerics
            j.pid,
            coalesce(
                j.veto_detail.intent.gross_usd,
                try_cast({{ json_text("j.context", "$.requested_notional") }} as double),
                try_cast({{ json_text("j.context", "$.requested_gross_usd") }} as double)
            ) as requested_usd,
            coalesce(
                j.veto_detail.nav_snapshot.nav_usd,
                try_cast({{ json_text("j.context", "$.nav") }} as double)
            ) as nav_usd,
            -- booleans
            {{ is_test_row("j.strategy", "j.symbol") }} as is_test,
            -- timestamps
            {{ to_utc("j.ts") }} as occurred_at,
            _observed_at as observed_at,
            -- loader
            _file_id,
            _file,
            _offset,
            _load_id
        from source
    )
select *
from renamed
