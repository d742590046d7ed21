-- Position size after a fill (position_state.jsonl).
with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"ts": "VARCHAR", "symbol": "VARCHAR", "pos_qty": "DOUBLE", "entry_px": "DOUBLE", "unrealized_pnl": "DOUBLE", "leverage": "DOUBLE", "mode": "VARCHAR", "run_id": "VARCHAR", "strategy": "VARCHAR", "pid": "BIGINT"}',
                )
            }}
            as j
        from {{ source("raw", "position_state") }}
        where _superseded_at is null
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            j.run_id,
            upper(j.symbol) as symbol,
            -- text
            upper(j.mode) as side,
            -- numerics
            j.pos_qty as qty,
            j.entry_px as entry_price,
            j.unrealized_pnl as unrealized_pnl_usd,
            j.leverage,
            j.pid,
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
