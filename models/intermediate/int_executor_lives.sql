-- A process lives from its first sign, or since when that says, to its last.
with
    numbered as (
        select *, row_number() over (partition by bot, run_id, is_start_stated order by day) as nth
        from {{ ref("int_executor_days") }}
    ),
    lives as (
        select
            bot,
            run_id,
            max(pid) as pid,
            max(hostname) as hostname,
            max(engine_version) as engine_version,
            min(case when nth = 1 then started_at end) as started_at,
            max(last_seen_at) as last_seen_at,
            cast(sum(sign_count) as bigint) as sign_count
        from numbered
        group by bot, run_id
    )
select
    bot,
    run_id,
    pid,
    hostname,
    engine_version,
    sign_count,
    started_at,
    last_seen_at,
    -- any before it: one that lives on is not always the last that started
    coalesce(max(last_seen_at) over earlier > started_at, false) as overlaps_previous,
    least(max(last_seen_at) over earlier, last_seen_at) as overlap_until,
    started_at as valid_from,
    coalesce(lead(started_at) over lives_of, {{ forever() }}) as valid_to
from lives
window
    lives_of as (partition by bot order by started_at, run_id),
    earlier as (
        partition by bot
        order by started_at, run_id
        rows between unbounded preceding and 1 preceding
    )
