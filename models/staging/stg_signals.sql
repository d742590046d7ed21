-- One row per intent that reached the executor (signal_metrics.jsonl).
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "attempt_id": "VARCHAR", "symbol": "VARCHAR", "signal": "VARCHAR", "doctor": {"ok": "BOOLEAN", "confidence": "DOUBLE"}, "queue_depth": "BIGINT", "latency_ms": "DOUBLE"}',
                )
            }}
            as j
        from {{ source("raw", "signal_metrics") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.attempt_id,
            upper(j.symbol) as symbol,
            -- text
            j.signal as side,
            -- numerics
            j.queue_depth,
            j.latency_ms,
            j.doctor.confidence,
            -- booleans
            j.doctor.ok as is_doctor_ok,
            {{ is_test_row("null", "j.symbol") }} as is_test,
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
