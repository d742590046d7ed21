-- Early readers accept the three blocks at the top level too.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select *, {{ parse_json("payload", diagnostics_fields()) }} as j
        from {{ source("raw", "diagnostics") }}
        where {{ touched("_load_id") }}
    ),
    blocks as (
        select
            *,
            coalesce(j.runtime_diagnostics.veto_counters, j.veto_counters) as vetoes,
            coalesce(j.runtime_diagnostics.exit_pipeline, j.exit_pipeline) as exits,
            coalesce(j.runtime_diagnostics.liveness, j.liveness) as liveness
        from source
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            vetoes.by_reason as vetoes_by_reason,
            j.engine_version,
            -- numerics
            vetoes.total_signals as total_signals_count,
            vetoes.total_orders as total_orders_count,
            vetoes.total_vetoes as total_vetoes_count,
            exits.open_positions_count,
            exits.tp_sl_registered_count,
            exits.tp_sl_missing_count,
            exits.underwater_without_tp_sl_count,
            exits.tp_sl_coverage_pct as tp_sl_coverage_ratio,
            exits.mismatch_breakdown.missing_ledger_positions as missing_ledger_count,
            exits.mismatch_breakdown.ghost_ledger_entries as ghost_ledger_count,
            exits.mismatch_breakdown.missing_tp_sl_entries as missing_tp_sl_count,
            exits.mismatch_breakdown.stale_tp_sl_entries as stale_tp_sl_count,
            -- booleans
            exits.ledger_registry_mismatch as is_mismatch,
            liveness.idle_signals as is_idle_signals,
            liveness.idle_orders as is_idle_orders,
            liveness.idle_exits as is_idle_exits,
            liveness.idle_router as is_idle_router,
            -- timestamps
            {{ to_utc("vetoes.last_signal_ts") }} as last_signal_at,
            {{ to_utc("vetoes.last_order_ts") }} as last_order_at,
            {{ to_utc("vetoes.last_veto_ts") }} as last_veto_at,
            {{ to_utc("exits.last_exit_scan_ts") }} as last_exit_scan_at,
            {{ to_utc("exits.last_exit_trigger_ts") }} as last_exit_trigger_at,
            {{ to_utc("exits.last_router_event_ts") }} as last_router_event_at,
            {{ to_utc("j.updated_ts") }} as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from blocks
    )
select *
from renamed
