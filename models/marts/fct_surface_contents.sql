-- A fresh stamp over an old value: versions that differ in nothing but their stamps are one
-- stretch.
with
    marked as (
        select
            *,
            case
                when
                    content_md5 = lag(content_md5) over versions
                    and shape = lag(shape) over versions
                then null
                else observed_at
            end as starts_at
        from {{ ref("int_snapshots_vetted") }}
        window versions as (partition by bot, surface order by observed_at)
    ),
    runs as (
        select
            *,
            max(starts_at) over (
                partition by bot, surface
                order by observed_at
                rows between unbounded preceding and current row
            ) as valid_from
        from marked
    )
select
    bot,
    surface,
    shape,
    count(*) as version_count,
    min(published_at) as first_published_at,
    max(published_at) as last_published_at,
    {{ seconds_between("min(published_at)", "max(published_at)") }} as frozen_seconds,
    lag(shape) over (partition by bot, surface order by valid_from) as previous_shape,
    max(observed_at) as last_seen_at,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by bot, surface order by valid_from), {{ forever() }}
    ) as valid_to,
    min(_file) as _file,
    min(_sha256) as _sha256
from runs
group by bot, surface, shape, valid_from
