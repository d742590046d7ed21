-- title: How healthy is each file?
-- note: Usable is the share of the span in which a check could build on the file.
-- chart: table
-- unit: share of the span in %, sizes in bytes
with
    looks as (
        select
            *,
            epoch(least(valid_to, $until) - greatest(valid_from, $since)) as seconds,
            status
            not in ('ok', 'imported', 'unwritten', 'stale', 'missing', 'not polled') as is_damage
        from fct_surface_health
        where
            bot = $bot
            and valid_from < $until
            and valid_to > $since
            and valid_from < valid_to
            and status <> 'not configured'
    ),
    files as (
        select
            surface,
            arg_max(status, valid_from) as at_the_end,
            100
            * coalesce(sum(seconds) filter (where is_usable), 0)
            / epoch($until - $since) as usable_pct,
            count(*) filter (where is_damage) as times_damaged,
            max(least(last_good_at, $until)) filter (
                where last_good_at is not null
            ) as last_good_at,
            arg_max(size_bytes, valid_from) as size_bytes,
            arg_max(_file, valid_from) as file
        from looks
        group by surface
    ),
    -- a log is looked at each time and noted when it grew
    logs as (
        select
            stream as surface,
            max(observed_at) as last_new_at,
            arg_max(size_bytes, (observed_at, to_offset)) as size_bytes,
            sum(row_count) filter (where observed_at > $since) as new_rows
        from fct_loads
        where bot = $bot and observed_at <= $until
        group by stream
    )
select
    files.surface,
    files.at_the_end,
    files.usable_pct,
    files.times_damaged,
    coalesce(logs.last_new_at, files.last_good_at) as last_new_at,
    coalesce(logs.size_bytes, files.size_bytes) as size_bytes,
    logs.new_rows,
    files.file
from files
left join logs using (surface)
order by files.times_damaged desc, files.usable_pct, files.surface
