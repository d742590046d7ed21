-- Every row that names a run_id is a sign of life; engine_metadata also says since when.
-- An uptime is rounded: the first one counts, else the start would wander while the
-- process lives.
{{ config(materialized="incremental", meta={"touched": "day"}) }}

with
    signs as (
        {% for model in ["stg_heartbeats", "int_attempts"] %}
            select
                bot,
                run_id,
                pid,
                hostname,
                null as engine_version,
                occurred_at as seen_at,
                occurred_at as started_at
            from {{ ref(model) }}
            where {{ touched("occurred_at") }}
            union all
        {% endfor %}
        select
            bot,
            run_id,
            null as pid,
            hostname,
            engine_version,
            published_at as seen_at,
            published_at - coalesce(uptime_seconds, 0) * interval '1 second' as started_at
        from {{ ref("stg_engine_metadata") }}
        where {{ touched("published_at") }}
    ),
    numbered as (
        select
            *,
            date_trunc('day', seen_at) as day,
            row_number() over (
                partition by bot, run_id, started_at <> seen_at, date_trunc('day', seen_at)
                order by seen_at, started_at
            ) as nth
        from signs
        where run_id is not null
    )
select
    bot,
    run_id,
    day,
    started_at <> seen_at as is_start_stated,
    max(pid) as pid,
    max(hostname) as hostname,
    max(engine_version) as engine_version,
    min(seen_at) as first_seen_at,
    max(seen_at) as last_seen_at,
    min(case when nth = 1 then least(started_at, seen_at) end) as started_at,
    count(*) as sign_count
from numbered
group by bot, run_id, day, started_at <> seen_at
