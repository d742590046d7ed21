-- One row per entry of a version of positions_ledger.json.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select * from {{ source("raw", "positions_ledger") }} where {{ touched("_load_id") }}
    ),
    listed as (
        select
            *,
            unnest(
                from_json(
                    json_extract(payload, '$.entries'),
                    '[{"position_key": "VARCHAR", "symbol": "VARCHAR", "side": "VARCHAR", "qty": "DOUBLE", "entry_price": "DOUBLE", "tp": "DOUBLE", "sl": "DOUBLE"}]'
                )
            ) as j
        from source
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            upper(coalesce(j.position_key, j.symbol || ':' || j.side)) as position_key,
            -- numerics
            j.qty,
            j.entry_price,
            j.tp as take_profit_price,
            j.sl as stop_loss_price,
            -- timestamps
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from listed
    )
select *
from renamed
