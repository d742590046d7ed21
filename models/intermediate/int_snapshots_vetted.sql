-- Which version of a state file becomes state. One with required keys missing or not finite does
-- not,
-- nor one whose own stamp lies behind those of the last looks; after that many looks an earlier
-- clock
-- is the new clock.
with
    stamped as (
        select
            *,
            max(published_at) over (
                partition by bot, surface
                order by
                    observed_at
                    rows between {{ var("clock_window_looks") }} preceding and 1 preceding
            ) as newest_before
        from {{ ref("stg_snapshots") }}
    ),
    judged as (
        select
            *,
            {{ seconds_between("published_at", "newest_before") }} as seconds_back,
            coalesce(
                published_at
                < newest_before - interval '{{ var("clock_tolerance_seconds") }} seconds',
                false
            ) as went_back
        from stamped
    )
select
    bot,
    surface,
    shape,
    content_md5,
    missing_keys,
    nonfinite_keys,
    case when went_back then seconds_back end as seconds_back,
    is_complete,
    went_back,
    is_complete and not went_back as is_state,
    published_at,
    observed_at,
    _file,
    _sha256,
    _load_id
from judged
