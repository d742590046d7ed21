-- What diagnostics last said of each stage, with the start of the process that said it.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "valid_from"],
    )
}}

with
    versions as (
        select *
        from {{ ref("int_state_versions") }}
        where surface = 'diagnostics' and {{ lasting() }}
    ),
    lives as (
        select versions.bot, versions.valid_from, max(lives.started_at) as started_at
        from versions
        inner join
            {{ ref("int_executor_lives") }} as lives
            on {{ same("lives.bot", "versions.bot") }}
            and lives.valid_from <= versions.published_at
            and versions.published_at < lives.valid_to
        group by versions.bot, versions.valid_from
    )
select
    versions.bot,
    diagnostics.is_idle_signals as published_is_idle_signals,
    diagnostics.is_idle_orders as published_is_idle_orders,
    diagnostics.is_idle_exits as published_is_idle_exits,
    diagnostics.is_idle_router as published_is_idle_router,
    diagnostics.last_signal_at,
    diagnostics.last_order_at,
    diagnostics.last_veto_at,
    diagnostics.last_exit_scan_at,
    diagnostics.last_exit_trigger_at,
    diagnostics.last_router_event_at,
    least(lives.started_at, versions.valid_from) as process_started_at,
    versions.published_at,
    versions.valid_from,
    versions.valid_to,
    versions._file,
    versions._sha256
from versions
inner join
    {{ ref("stg_diagnostics") }} as diagnostics
    on diagnostics.bot = versions.bot
    and diagnostics.observed_at = versions.observed_at
left join lives on lives.bot = versions.bot and lives.valid_from = versions.valid_from
