-- Which version of a state file becomes state. One with required keys missing or not
-- finite does not, nor one whose own stamp lies behind those of the last looks; after
-- that many looks an earlier clock is the new clock.
{{ config(materialized="incremental", meta={"touched": "observed_at"}) }}

{% set columns = "bot, surface, shape, content_md5, missing_keys, nonfinite_keys, is_complete, published_at, observed_at, _file, _sha256, _load_id" %}

with
    looks as (
        select {{ columns }}
        from {{ ref("stg_snapshots") }}
        where {{ touched("observed_at") }}
        {% if is_touched_only() %}
            union all
            select {{ columns }}
            from {{ this }}
            inner join
                {{
                    last_rows(
                        this ~ " where observed_at < " ~ since(),
                        ["bot", "surface"],
                        "observed_at",
                        var("clock_window_looks"),
                    )
                }} as last_looks using (bot, surface)
            where observed_at >= back_to and observed_at < {{ since() }}
        {% endif %}
    ),
    stamped as (
        select
            *,
            max(published_at) over (
                partition by bot, surface
                order by
                    observed_at
                    rows between {{ var("clock_window_looks") }} preceding and 1 preceding
            ) as newest_before
        from looks
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
