-- One row per position of a version of positions_state.json; readers of the bot accept five names.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select * from {{ source("raw", "positions_state") }} where {{ touched("_load_id") }}
    ),
    listed as (
        select
            *,
            unnest(
                from_json(
                    coalesce(
                        {% for name in ["positions", "open_positions", "data", "rows", "items"] -%}
                            json_extract(payload, '$.{{ name }}'){{ "," if not loop.last }}
                        {% endfor %}
                    ),
                    '[{"symbol": "VARCHAR", "side": "VARCHAR", "positionSide": "VARCHAR", "qty": "DOUBLE", "positionAmt": "DOUBLE", "entry_price": "DOUBLE", "entryPrice": "DOUBLE", "mark_price": "DOUBLE", "unrealized_pnl": "DOUBLE", "realized_pnl": "DOUBLE", "notional": "DOUBLE", "leverage": "DOUBLE", "ts": "VARCHAR"}]'
                )
            ) as j
        from source
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            upper(j.symbol) as symbol,
            {{
                position_side(
                    "coalesce(j.side, j.positionSide)", "coalesce(j.qty, j.positionAmt)"
                )
            }} as side,
            -- numerics
            coalesce(j.qty, j.positionamt) as qty,
            coalesce(j.entry_price, j.entryprice) as entry_price,
            j.mark_price,
            j.unrealized_pnl as unrealized_pnl_usd,
            j.realized_pnl as realized_pnl_usd,
            j.notional as notional_usd,
            j.leverage,
            -- timestamps
            {{ to_utc("j.ts") }} as position_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from listed
    )
select *, symbol || ':' || side as position_key
from renamed
