-- Shape A carries a router_health block (fills seen), shape B counts and policies only.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"updated_ts": "VARCHAR", "router_health_score": "DOUBLE", "router_health": {"global": {"quality_score": "DOUBLE", "avg_slippage_bps": "DOUBLE", "avg_latency_ms": "DOUBLE", "router_bucket": "VARCHAR"} }, "global": {"router_health_score": "DOUBLE"}, "summary": {"count": "BIGINT", "quality_counts": {"good": "BIGINT", "ok": "BIGINT", "degraded": "BIGINT", "broken": "BIGINT"} } }',
                )
            }}
            as j
        from {{ source("raw", "router_health") }}
        where {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            -- text
            case when json_exists(payload, '$.router_health') then 'A' else 'B' end as shape,
            j.router_health.global.router_bucket,
            -- numerics
            coalesce(
                j.router_health_score,
                j.router_health.global.quality_score,
                j.global.router_health_score
            ) as score,
            j.router_health.global.avg_slippage_bps,
            j.router_health.global.avg_latency_ms,
            j.summary.quality_counts.good as good_count,
            j.summary.quality_counts.ok as ok_count,
            j.summary.quality_counts.degraded as degraded_count,
            j.summary.quality_counts.broken as broken_count,
            -- timestamps
            {{ to_utc("j.updated_ts") }} as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
