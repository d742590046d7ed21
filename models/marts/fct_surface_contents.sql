-- A fresh stamp over an old value: versions that differ in nothing but their stamps are one
-- stretch.
{{
    config(
        materialized="incremental",
        meta={
            "touched": "valid_from",
            "moving": [
                "version_count",
                "first_published_at",
                "last_published_at",
                "frozen_seconds",
                "last_seen_at",
                "valid_to",
            ],
        },
        unique_key=["bot", "surface", "valid_from"],
    )
}}

with
    versions as (
        select bot, surface, shape, content_md5, published_at, observed_at, _file, _sha256
        from {{ ref("int_snapshots_vetted") }}
        where {{ touched("observed_at") }}
        {% if is_touched_only() %}
            -- all of the stretch that goes on, whose versions need not be compared again
            union all
            select
                bot,
                surface,
                before.shape,
                before.content_md5,
                versions.published_at,
                versions.observed_at,
                before._file,
                before._sha256
            from {{ ref("int_snapshots_vetted") }} as versions
            inner join
                {{
                    row_before(
                        [
                            "bot",
                            "surface",
                            "shape",
                            "content_md5",
                            "valid_from",
                            "_file",
                            "_sha256",
                        ]
                    )
                }} as before using (bot, surface)
            where
                versions.observed_at >= before.valid_from
                and versions.observed_at >= {{ open_since() }}
                and versions.observed_at < {{ since() }}
        {% endif %}
    ),
    marked as (
        select
            *,
            case
                when content_md5 = lag(content_md5) over looks and shape = lag(shape) over looks
                then null
                else observed_at
            end as starts_at
        from versions
        window looks as (partition by bot, surface order by observed_at)
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
    content_md5,
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
    max(case when starts_at is not null then _file end) as _file,
    max(case when starts_at is not null then _sha256 end) as _sha256
from runs
group by bot, surface, shape, content_md5, valid_from
-- so that a look at one time skips the rest of a year
order by valid_from
