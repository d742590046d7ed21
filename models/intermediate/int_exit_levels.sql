-- Per interval and SYMBOL:SIDE: what the positions file, the ledger and the registry each say.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "position_key", "valid_from"],
    )
}}

with
    versions as (select * from {{ ref("int_exit_versions") }} where {{ lasting() }}),
    positions as (
        select versions.valid_from, rows.*
        from versions
        inner join
            {{ ref("stg_positions") }} as rows
            on rows.bot = versions.bot
            and rows.observed_at = versions.positions_at
            and rows.qty <> 0
    ),
    ledger as (
        select versions.valid_from, rows.*
        from versions
        inner join
            {{ ref("stg_ledger_entries") }} as rows
            on rows.bot = versions.bot
            and rows.observed_at = versions.ledger_at
    ),
    registry as (
        select versions.valid_from, rows.*
        from versions
        inner join
            {{ ref("stg_registry_entries") }} as rows
            on rows.bot = versions.bot
            and rows.observed_at = versions.registry_at
    ),
    keys as (
        select bot, valid_from, position_key
        from positions
        union
        select bot, valid_from, position_key
        from ledger
        union
        select bot, valid_from, position_key
        from registry
    )
select
    keys.bot,
    keys.position_key,
    split_part(keys.position_key, ':', 1) as symbol,
    split_part(keys.position_key, ':', 2) as side,
    positions.qty,
    positions.entry_price,
    positions.mark_price,
    positions.unrealized_pnl_usd,
    positions.notional_usd,
    coalesce(registry.take_profit_price, ledger.take_profit_price) as take_profit_price,
    coalesce(registry.stop_loss_price, ledger.stop_loss_price) as stop_loss_price,
    registry.registered_by,
    positions.position_key is not null as is_open,
    ledger.position_key is not null as is_in_ledger,
    registry.position_key is not null as is_in_registry,
    coalesce(registry.take_profit_price, ledger.take_profit_price) is not null as has_tp,
    coalesce(registry.stop_loss_price, ledger.stop_loss_price) is not null as has_sl,
    coalesce(
        {{
            is_beyond(
                "coalesce(registry.stop_loss_price, ledger.stop_loss_price)",
                "positions.mark_price",
                "split_part(keys.position_key, ':', 2)",
                "below",
            )
        }},
        false
    ) as is_sl_crossed,
    versions.valid_from,
    versions.valid_to,
    positions._sha256 as positions_sha256,
    ledger._sha256 as ledger_sha256
from keys
inner join versions using (bot, valid_from)
left join positions using (bot, valid_from, position_key)
left join ledger using (bot, valid_from, position_key)
left join registry using (bot, valid_from, position_key)
