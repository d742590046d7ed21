{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "valid_from"],
    )
}}

select
    versions.bot,
    health.shape,
    health.score,
    health.router_bucket,
    health.avg_slippage_bps,
    health.avg_latency_ms,
    health.good_count,
    health.ok_count,
    health.degraded_count,
    health.broken_count,
    versions.published_at,
    versions.valid_from,
    versions.valid_to,
    versions._file,
    versions._sha256
from {{ ref("int_state_versions") }} as versions
inner join
    {{ ref("stg_router_health") }} as health
    on health.bot = versions.bot
    and health.observed_at = versions.observed_at
where {{ lasting("versions") }} and versions.surface = 'router_health'
