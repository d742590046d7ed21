-- dd_state comes as a word or as an object with the drawdown inside it.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"updated_ts": "VARCHAR", "dd_state": "JSON", "dd_frac": "DOUBLE", "daily_loss_frac": "DOUBLE", "portfolio_dd_pct": "DOUBLE", "circuit_breaker": {"max_portfolio_dd_nav_pct": "DOUBLE", "active": "BOOLEAN"}, "risk_mode": "VARCHAR", "risk_mode_reason": "VARCHAR", "risk_mode_score": "DOUBLE", "tp_sl_registry": {"registry_mismatch": "BOOLEAN"}, "anomalies": "JSON", "nav_health": {"age_s": "DOUBLE", "fresh": "BOOLEAN"} }',
                )
            }}
            as j
        from {{ source("raw", "risk_snapshot") }}
        where {{ touched("_load_id") }}
    ),
    nested as (
        select
            *,
            {{
                parse_json(
                    "j.dd_state",
                    '{"dd_state": "VARCHAR", "state": "VARCHAR", "drawdown": {"dd_pct": "DOUBLE", "peak": "DOUBLE", "nav": "DOUBLE", "usable": "BOOLEAN", "drawdown": {"pct": "DOUBLE", "peak_nav": "DOUBLE", "nav": "DOUBLE"}, "daily_loss": {"pct": "DOUBLE", "daily_peak": "DOUBLE", "nav": "DOUBLE"} } }',
                )
            }}
            as dd
        from source
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            upper(j.risk_mode) as risk_mode,
            j.risk_mode_reason,
            lower(
                coalesce(dd.dd_state, dd.state, json_extract_string(j.dd_state, '$'))
            ) as dd_state,
            -- numerics
            j.risk_mode_score,
            j.dd_frac as published_dd_frac,
            j.daily_loss_frac as published_daily_loss_frac,
            j.portfolio_dd_pct as portfolio_dd_ratio,
            j.circuit_breaker.max_portfolio_dd_nav_pct as circuit_limit_ratio,
            coalesce(dd.drawdown.drawdown.peak_nav, dd.drawdown.peak) as peak_usd,
            coalesce(dd.drawdown.drawdown.nav, dd.drawdown.nav) as nav_usd,
            dd.drawdown.daily_loss.daily_peak as daily_peak_usd,
            coalesce(dd.drawdown.daily_loss.nav, dd.drawdown.nav) as daily_nav_usd,
            j.nav_health.age_s as nav_age_seconds,
            -- booleans
            j.circuit_breaker.active as is_circuit_active,
            j.tp_sl_registry.registry_mismatch as is_registry_mismatch,
            -- timestamps
            {{ to_utc("j.updated_ts") }} as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from nested
    )
select *
from renamed
