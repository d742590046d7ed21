-- One row per line of orders_executed.jsonl: acks, cumulative fills, closes, errors and legacy
-- rows.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"event_type": "VARCHAR", "ts": "VARCHAR", "ts_ack": "VARCHAR", "ts_fill_first": "VARCHAR", "ts_fill_last": "VARCHAR", "ts_close": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "positionSide": "VARCHAR", "orderId": "VARCHAR", "order_id": "VARCHAR", "clientOrderId": "VARCHAR", "client_order_id": "VARCHAR", "request_id": "VARCHAR", "attempt_id": "VARCHAR", "intent_id": "VARCHAR", "run_id": "VARCHAR", "pid": "BIGINT", "hostname": "VARCHAR", "strategy": "VARCHAR", "status": "VARCHAR", "order_type": "VARCHAR", "request_qty": "DOUBLE", "qty": "DOUBLE", "executedQty": "DOUBLE", "avgPrice": "DOUBLE", "price": "DOUBLE", "fee_total": "DOUBLE", "feeAsset": "VARCHAR", "tradeIds": ["VARCHAR"], "reduceOnly": "BOOLEAN", "reduce_only": "BOOLEAN", "latency_ms": "DOUBLE", "realizedPnlUsd": "DOUBLE", "fees_total": "DOUBLE", "position_size_before": "DOUBLE", "position_size_after": "DOUBLE", "closed_qty": "DOUBLE", "reason": "VARCHAR", "exc": "VARCHAR", "last_exception_message": "VARCHAR", "exchange": "VARCHAR", "accepted": "BOOLEAN", "raw": {"orderId": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "positionSide": "VARCHAR", "reduceOnly": "BOOLEAN", "origQty": "DOUBLE", "status": "VARCHAR"}, "metadata": {"exit_reason": "VARCHAR", "exit": {"reason": "VARCHAR"} } }',
                )
            }}
            as j
        from {{ source("raw", "orders_executed") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            coalesce(j.orderid, j.order_id, j.raw.orderid) as order_id,
            coalesce(j.clientorderid, j.client_order_id, j.request_id) as client_order_id,
            j.attempt_id,
            j.intent_id,
            j.run_id,
            upper(coalesce(j.symbol, j.raw.symbol)) as symbol,
            -- text
            j.event_type,
            upper(coalesce(j.side, j.raw.side)) as side,
            upper(coalesce(j.positionside, j.raw.positionside)) as position_side,
            replace(upper(coalesce(j.status, j.raw.status)), 'CANCELLED', 'CANCELED') as status,
            j.order_type,
            j.strategy,
            coalesce(j.metadata.exit_reason, j.metadata.exit.reason) as exit_reason,
            coalesce(j.reason, j.last_exception_message, j.exc) as error_text,
            j.feeasset as fee_asset,
            j.exchange,
            j.hostname,
            -- numerics
            j.pid,
            coalesce(j.request_qty, j.raw.origqty, j.qty) as request_qty,
            j.executedqty as executed_qty,
            coalesce(j.avgprice, j.price) as price,
            coalesce(j.fee_total, j.fees_total) as fee_usd,
            j.realizedpnlusd as realized_pnl_usd,
            j.position_size_before,
            j.position_size_after,
            j.closed_qty,
            j.latency_ms,
            len(j.tradeids) as trade_count,
            -- booleans
            coalesce(j.reduceonly, j.reduce_only, j.raw.reduceonly, false) as is_reduce_only,
            {{
                is_test_order(
                    "j.strategy",
                    "coalesce(j.symbol, j.raw.symbol)",
                    "j.client_order_id",
                    "j.event_type",
                )
            }} as is_test,
            -- timestamps
            {{ to_utc("j.ts") }} as occurred_at,
            {{ to_utc("j.ts_ack") }} as acked_at,
            {{ to_utc("j.ts_fill_first") }} as first_filled_at,
            {{ to_utc("j.ts_fill_last") }} as last_filled_at,
            {{ to_utc("j.ts_close") }} as closed_at,
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
