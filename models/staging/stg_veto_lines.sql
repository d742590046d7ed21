-- One row per line of risk_vetoes.jsonl. L lines come from risk_limits, X lines from the executor.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "position_side": "VARCHAR", "strategy": "VARCHAR", "source_head": "VARCHAR", "veto_reason": "VARCHAR", "original_reason": "VARCHAR", "run_id": "VARCHAR", "pid": "BIGINT", "hostname": "VARCHAR", "gate": "VARCHAR", "qty_req": "DOUBLE", "context": "JSON", "thresholds": "JSON", "observations": "JSON", "veto_detail": {"gate": "VARCHAR", "max_trade_nav_pct": "DOUBLE", "max_symbol_exposure_pct": "DOUBLE", "current_symbol_pct": "DOUBLE", "daily_loss_limit_pct": "DOUBLE", "observed_daily_loss_pct": "DOUBLE", "max_trades_per_symbol_per_hour": "DOUBLE", "observed_count": "DOUBLE", "intent": {"attempt_id": "VARCHAR", "intent_id": "VARCHAR", "strategy": "VARCHAR", "gross_usd": "DOUBLE"}, "nav_snapshot": {"nav_usd": "DOUBLE"}, "thresholds": "JSON", "observations": "JSON"} }',
                )
            }}
            as j
        from {{ source("raw", "risk_vetoes") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    nested as (
        select
            *,
            j.veto_detail as d,
            {{
                parse_json(
                    "coalesce(j.thresholds, j.veto_detail.thresholds)",
                    '{"min_notional": "DOUBLE", "symbol_notional_cap": "DOUBLE", "max_order_notional": "DOUBLE", "max_trade_nav_pct": "DOUBLE", "trade_equity_nav_pct": "DOUBLE", "max_portfolio_dd_nav_pct": "DOUBLE", "max_nav_drawdown_pct": "DOUBLE", "daily_loss_limit_pct": "DOUBLE", "observed_daily_drawdown_pct": "DOUBLE", "nav_freshness_seconds": "DOUBLE", "max_concurrent_positions": "DOUBLE", "max_leverage": "DOUBLE", "max_effective_leverage": "DOUBLE", "projected_effective_leverage": "DOUBLE", "max_gross_exposure_pct": "DOUBLE", "max_position_usd": "DOUBLE", "total_after": "DOUBLE", "max_group_nav_pct": "DOUBLE"}',
                )
            }}
            as t,
            {{
                parse_json(
                    "coalesce(j.observations, j.veto_detail.observations)",
                    '{"current_dd_pct": "DOUBLE", "portfolio_dd_circuit": {"current_dd_pct": "DOUBLE"}, "drawdown_pct": "DOUBLE", "daily_loss_pct": "DOUBLE", "nav_age_s": "DOUBLE", "group_nav_pct_after": "DOUBLE"}',
                )
            }}
            as o,
            {{
                parse_json(
                    "j.context",
                    '{"nav": "DOUBLE", "requested_notional": "DOUBLE", "requested_gross_usd": "DOUBLE", "current_gross_notional": "DOUBLE", "open_positions_count": "DOUBLE", "lev": "DOUBLE", "post_trade_exposure_pct": "DOUBLE"}',
                )
            }}
            as c
        from source
    ),
    sized as (
        select
            *,
            coalesce(
                j.veto_detail.intent.gross_usd, c.requested_notional, c.requested_gross_usd
            ) as requested_usd,
            coalesce(j.veto_detail.nav_snapshot.nav_usd, c.nav) as nav_usd
        from nested
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
            {{ of_gate("coalesce(j.original_reason, j.veto_reason)", "unit") }} as limit_unit,
            coalesce(j.strategy, j.source_head, j.veto_detail.intent.strategy) as strategy,
            j.side,
            j.hostname,
            coalesce(j.thresholds, j.veto_detail.thresholds) as thresholds,
            coalesce(j.observations, j.veto_detail.observations) as observations,
            -- numerics
            j.pid,
            requested_usd,
            nav_usd,
            {{ of_gate("coalesce(j.original_reason, j.veto_reason)", "limit") }} as limit_value,
            {{ of_gate("coalesce(j.original_reason, j.veto_reason)", "observed") }}
            as observed_value,
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
        from sized
    )
select *
from renamed
