{# Where each limit comes from: the bot's config while one is known, else the var of the same name. #}
{% macro limit_sources() -%}
    {%- do return(
        [
            {"name": "exits_idle_seconds", "surface": "strategy_config", "path": "$.diagnostics.liveness.max_idle_exits_seconds"},
            {"name": "signals_idle_seconds", "surface": "strategy_config", "path": "$.diagnostics.liveness.max_idle_signals_seconds"},
            {"name": "orders_idle_seconds", "surface": "strategy_config", "path": "$.diagnostics.liveness.max_idle_orders_seconds"},
            {"name": "router_idle_seconds", "surface": "strategy_config", "path": "$.diagnostics.liveness.max_idle_router_events_seconds"},
            {"name": "underwater_ratio", "surface": "strategy_config", "path": "$.diagnostics.exit_pipeline.tp_sl_underwater_threshold_pct"},
            {"name": "no_close_seconds"},
            {"name": "exit_scan_age_seconds"},
            {"name": "crossed_level_seconds"},
        ]
    ) -%}
{%- endmacro %}


{# A limit as it was in force: (bot, valid_from, valid_to, value). The mark is the backtest's. #}
{% macro limit(name) -%}
    {%- if execute and name not in limit_sources() | map(attribute="name") -%}
        {%- do exceptions.raise_compiler_error("no limit is called " ~ name ~ "\nhint: macros/limit.sql lists them") -%}
    {%- endif -%}
    (
        select bot, valid_from, valid_to, value
        from /*limits*/{{ ref("limits") }}/*limits*/ as limits
        where limit_name = '{{ name }}'
    )
{%- endmacro %}
