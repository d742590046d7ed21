-- title: How healthy is each file?
-- chart: table
-- unit: share of the span in %, sizes in bytes
with
    looks as (
        select
            *,
            epoch(least(valid_to, $until) - greatest(valid_from, $since)) as seconds,
            status not in ('ok', 'imported', 'stale', 'missing', 'not polled') as is_damage
        from fct_surface_health
        where
            bot = $bot
            and valid_from < $until
            and valid_to > $since
            and valid_from < valid_to
            and status <> 'not configured'
    )
select
    surface,
    arg_max(status, valid_from) as at_the_end,
    100 * coalesce(sum(seconds) filter (where is_usable), 0) / epoch($until - $since) as usable_pct,
    count(*) filter (where is_damage) as times_damaged,
    max(least(last_good_at, $until)) as last_good_at,
    arg_max(size_bytes, valid_from) as size_bytes,
    arg_max(_file, valid_from) as file
from looks
group by surface
order by times_damaged desc, usable_pct, surface
