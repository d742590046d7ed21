{# The shape of diagnostics.json: three blocks, under `runtime_diagnostics` or at the top level. #}
{% macro diagnostics_fields() -%}
    {%- set blocks -%}
        "veto_counters": {"by_reason": "JSON", "total_signals": "BIGINT", "total_orders": "BIGINT", "total_vetoes": "BIGINT", "last_signal_ts": "VARCHAR", "last_order_ts": "VARCHAR", "last_veto_ts": "VARCHAR"},
        "exit_pipeline": {"last_exit_scan_ts": "VARCHAR", "last_exit_trigger_ts": "VARCHAR", "last_router_event_ts": "VARCHAR", "open_positions_count": "BIGINT", "tp_sl_registered_count": "BIGINT", "tp_sl_missing_count": "BIGINT", "underwater_without_tp_sl_count": "BIGINT", "tp_sl_coverage_pct": "DOUBLE", "ledger_registry_mismatch": "BOOLEAN", "mismatch_breakdown": {"missing_ledger_positions": "BIGINT", "ghost_ledger_entries": "BIGINT", "missing_tp_sl_entries": "BIGINT", "stale_tp_sl_entries": "BIGINT"}},
        "liveness": {"idle_signals": "BOOLEAN", "idle_orders": "BOOLEAN", "idle_exits": "BOOLEAN", "idle_router": "BOOLEAN", "details": {"signals_idle_seconds": "DOUBLE", "orders_idle_seconds": "DOUBLE", "exits_idle_seconds": "DOUBLE", "router_idle_seconds": "DOUBLE"}}
    {%- endset -%}
    {{
        return(
            '{"runtime_diagnostics": {'
            ~ blocks
            ~ "}, "
            ~ blocks
            ~ ', "engine_version": "VARCHAR", "updated_ts": "VARCHAR"}'
        )
    }}
{%- endmacro %}
