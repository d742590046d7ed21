{# Where each limit comes from: the bot's config while one is known, else the var of the same name;
   `loops`: never under so many of the bot's measured loops. #}
{% macro limit_sources() -%}
    {%- do return(
        [
            {
                "name": "exits_idle_seconds",
                "surface": "strategy_config",
                "path": "$.diagnostics.liveness.max_idle_exits_seconds",
            },
            {
                "name": "signals_idle_seconds",
                "surface": "strategy_config",
                "path": "$.diagnostics.liveness.max_idle_signals_seconds",
            },
            {
                "name": "orders_idle_seconds",
                "surface": "strategy_config",
                "path": "$.diagnostics.liveness.max_idle_orders_seconds",
            },
            {
                "name": "router_idle_seconds",
                "surface": "strategy_config",
                "path": "$.diagnostics.liveness.max_idle_router_events_seconds",
            },
            {
                "name": "underwater_ratio",
                "surface": "strategy_config",
                "path": "$.diagnostics.exit_pipeline.tp_sl_underwater_threshold_pct",
            },
            {
                "name": "max_drawdown_ratio",
                "surface": "risk_limits",
                "path": "$.global.max_nav_drawdown_pct",
            },
            {
                "name": "daily_loss_ratio",
                "surface": "risk_limits",
                "path": "$.global.daily_loss_limit_pct",
            },
            {
                "name": "drawdown_alert_ratio",
                "surface": "risk_limits",
                "path": "$.global.drawdown_alert_pct",
            },
            {
                "name": "portfolio_drawdown_ratio",
                "surface": "risk_limits",
                "path": "$.circuit_breakers.max_portfolio_dd_nav_pct",
            },
            {
                "name": "nav_freshness_seconds",
                "surface": "risk_limits",
                "path": "$.nav_freshness_seconds",
            },
            {
                "name": "max_concurrent_positions",
                "surface": "risk_limits",
                "path": "$.global.max_concurrent_positions",
            },
            {
                "name": "nav_guard_multiplier",
                "surface": "risk_limits",
                "path": "$.nav_anomalies.max_multiplier_intraday",
            },
            {
                "name": "nav_guard_gap_usd",
                "surface": "risk_limits",
                "path": "$.nav_anomalies.max_gap_abs_usd",
            },
            {
                "name": "min_child_notional_usd",
                "surface": "runtime",
                "path": "$.priority.min_child_notional",
                "or_path": "$.offpeak.min_child_notional",
            },
            {"name": "nav_step_ratio"},
            {"name": "nav_unexplained_ratio"},
            {"name": "nav_jump_ratio"},
            {"name": "nav_surface_ratio"},
            {"name": "drawdown_difference_ratio"},
            {"name": "frozen_mark_seconds"},
            {"name": "silent_seconds", "loops": 3},
            {"name": "refusals_count"},
            {"name": "dominant_gate_ratio"},
            {"name": "no_close_seconds"},
            {"name": "screener_errors_count"},
            {"name": "restarts_count"},
            {"name": "order_errors_count"},
            {"name": "toggles_count"},
            {"name": "exit_scan_age_seconds", "loops": 3},
            {"name": "crossed_level_seconds", "loops": 2},
        ]
    ) -%}
{%- endmacro %}


{# A limit as it was in force: (bot, valid_from, valid_to, value). The mark is the backtest's. #}
{% macro limit(name) -%}
    {%- if execute and name not in limit_sources() | map(attribute="name") -%}
        {%- do exceptions.raise_compiler_error(
            "no limit is called " ~ name ~ "\nhint: macros/limit.sql lists them"
        ) -%}
    {%- endif -%}
    (
        select bot, valid_from, valid_to, value
        from {{ "/*limits*/" }}{{ ref("limits") }}{{ "/*limits*/" }} as limits
        where limit_name = '{{ name }}'
    )
{%- endmacro %}
