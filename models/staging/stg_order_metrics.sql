{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "attempt_id": "VARCHAR", "intent_id": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "route": "VARCHAR", "event": "VARCHAR", "order_status": "VARCHAR", "strategy": "VARCHAR", "slippage_bps": "DOUBLE", "fees_usd": "DOUBLE", "pnl_at_close_usd": "DOUBLE", "qty": {"contracts": "DOUBLE", "notional_usd": "DOUBLE"}, "prices": {"mark": "DOUBLE", "submitted": "DOUBLE", "avg_fill": "DOUBLE"}, "timing_ms": {"decision": "DOUBLE", "submit": "DOUBLE", "ack": "DOUBLE", "fill": "DOUBLE"}, "result": {"status": "VARCHAR", "retries": "BIGINT"} }',
                )
            }}
            as j
        from {{ source("raw", "order_metrics") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.attempt_id,
            j.intent_id,
            upper(j.symbol) as symbol,
            -- text
            coalesce(j.event, 'route') as event,
            j.side,
            j.route,
            coalesce(j.result.status, j.order_status) as status,
            -- numerics
            j.slippage_bps,
            j.fees_usd as fee_usd,
            j.pnl_at_close_usd,
            j.qty.notional_usd,
            j.prices.mark as mark_price,
            j.prices.submitted as submitted_price,
            j.prices.avg_fill as fill_price,
            j.timing_ms.decision as decision_ms,
            j.timing_ms.ack as ack_ms,
            j.timing_ms.fill as fill_ms,
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
