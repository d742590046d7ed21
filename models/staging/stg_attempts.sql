{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "local_ts": "VARCHAR", "signal_ts": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "attempt_id": "VARCHAR", "intent_id": "VARCHAR", "strategy": "VARCHAR", "qty": "DOUBLE", "price_hint": "DOUBLE", "reduce_only": "BOOLEAN", "run_id": "VARCHAR", "pid": "BIGINT", "hostname": "VARCHAR", "decision_latency_ms": "DOUBLE", "nav_snapshot": {"nav_usd": "DOUBLE"} }',
                )
            }}
            as j
        from {{ source("raw", "orders_attempted") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.attempt_id,
            j.intent_id,
            j.run_id,
            upper(j.symbol) as symbol,
            -- text
            upper(j.side) as side,
            j.strategy,
            j.hostname,
            -- numerics
            j.pid,
            j.qty,
            j.price_hint,
            j.qty * j.price_hint as notional_usd,
            j.decision_latency_ms,
            j.nav_snapshot.nav_usd,
            -- booleans
            coalesce(j.reduce_only, false) as is_reduce_only,
            {{ is_test_row("j.strategy", "j.symbol") }} as is_test,
            -- timestamps
            {{ to_utc("j.ts") }} as occurred_at,
            {{ to_utc("j.signal_ts") }} as signal_at,
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
