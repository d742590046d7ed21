-- Every row that names a run_id is a sign of life; engine_metadata also says since when.
with
    signs as (
        select bot, run_id, pid, hostname, occurred_at as seen_at, occurred_at as started_at
        from {{ ref("stg_heartbeats") }}
        union all
        select bot, run_id, pid, hostname, occurred_at as seen_at, occurred_at as started_at
        from {{ ref("int_attempts") }}
        union all
        select
            bot,
            run_id,
            null as pid,
            hostname,
            published_at as seen_at,
            published_at - coalesce(uptime_seconds, 0) * interval '1 second' as started_at
        from {{ ref("stg_engine_metadata") }}
    ),
    -- an uptime is rounded: the first one counts, else the start would wander while the process
    -- lives
    numbered as (
        select
            *,
            row_number() over (
                partition by bot, run_id, started_at = seen_at order by seen_at, started_at
            ) as nth
        from signs
        where run_id is not null
    ),
    lives as (
        select
            bot,
            run_id,
            max(pid) as pid,
            max(hostname) as hostname,
            min(case when nth = 1 then least(started_at, seen_at) end) as started_at,
            max(seen_at) as last_seen_at,
            count(*) as sign_count
        from numbered
        group by bot, run_id
    )
select
    bot,
    run_id,
    pid,
    hostname,
    sign_count,
    started_at,
    last_seen_at,
    coalesce(lag(last_seen_at) over lives_of > started_at, false) as overlaps_previous,
    least(lag(last_seen_at) over lives_of, last_seen_at) as overlap_until,
    started_at as valid_from,
    coalesce(lead(started_at) over lives_of, {{ forever() }}) as valid_to
from lives
window lives_of as (partition by bot order by started_at, run_id)
