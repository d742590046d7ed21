-- One row per entry of a version of position_tp_sl.json; a bare map without `entries` is read too.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            case
                when json_exists(payload, '$.entries')
                then json_extract(payload, '$.entries')
                else payload
            end as entries
        from {{ source("raw", "position_tp_sl") }}
        where {{ touched("_load_id") }}
    ),
    listed as (
        select
            *,
            {{
                parse_json(
                    "value",
                    '{"take_profit_price": "DOUBLE", "tp": "DOUBLE", "stop_loss_price": "DOUBLE", "sl": "DOUBLE", "strategy": "VARCHAR", "source": "VARCHAR", "metadata": {"source": "VARCHAR"}, "registered_at": "VARCHAR", "created_at": "VARCHAR"}',
                )
            }}
            as j
        from {{ unnest_json_object("source", "entries") }}
        where key like '%:%'
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            upper(key) as position_key,
            -- text
            j.strategy,
            coalesce(j.source, j.metadata.source) as registered_by,
            -- numerics
            coalesce(j.take_profit_price, j.tp) as take_profit_price,
            coalesce(j.stop_loss_price, j.sl) as stop_loss_price,
            -- timestamps
            {{ to_utc("coalesce(j.registered_at, j.created_at)") }} as registered_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from listed
    )
select *
from renamed
