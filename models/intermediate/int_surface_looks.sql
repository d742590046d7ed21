-- What each look made of a file: ingest's status, refined by what its content says of itself.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "surface", "valid_from"],
    )
}}

{% set columns = "bot, surface, kind, cadence_seconds, poll_seconds, status, detail, missing_keys, nonfinite_keys, size_bytes, seconds_back, is_good, published_at, written_at, valid_from, _file, _sha256" %}

with
    seen as (
        select
            looks.bot,
            looks.surface,
            looks.detail,
            looks.missing_keys,
            looks.nonfinite_keys,
            looks.size_bytes,
            looks.written_at,
            looks.observed_at,
            firsts.observed_at as first_observed_at,
            looks._file,
            looks._sha256,
            versions.published_at,
            versions.seconds_back,
            coalesce(versions.is_state, true) as is_state,
            surfaces.kind,
            -- a bot slower than its files' cadence is not stale for that
            surfaces.cadence_seconds * greatest(
                1, paces.loop_seconds / nullif(surfaces.cadence_seconds, 0)
            ) as cadence_seconds,
            paces.poll_seconds,
            imports.started_at as import_started_at,
            case
                when looks.status = 'ok' and surfaces.kind = 'snapshot' and versions.went_back
                then 'went_back'
                when
                    looks.status = 'ok'
                    and surfaces.kind = 'snapshot'
                    and len(looks.missing_keys) > 0
                then 'incomplete'
                when
                    looks.status = 'ok'
                    and surfaces.kind = 'snapshot'
                    and len(looks.nonfinite_keys) > 0
                then 'nonfinite'
                -- written only on change: until there is something to write, no file is right
                when
                    looks.status = 'missing'
                    and surfaces.kind = 'snapshot'
                    and surfaces.cadence_seconds is null
                    and looks.observed_at = firsts.observed_at
                then 'unwritten'
                else looks.status
            end as status
        from {{ ref("stg_observations") }} as looks
        inner join {{ ref("int_surfaces") }} as surfaces using (surface)
        inner join
            {{ ref("int_loops_measured") }} as paces
            on paces.bot = looks.bot
            and paces.day = cast(looks.observed_at as date)
        inner join
            (
                select bot, surface, min(observed_at) as observed_at
                from {{ ref("stg_observations") }}
                group by bot, surface
            ) as firsts
            on firsts.bot = looks.bot
            and firsts.surface = looks.surface
        left join {{ ref("int_import_starts") }} as imports on imports.bot = looks.bot
        left join
            {{ ref("int_snapshots_vetted") }} as versions
            on versions.bot = looks.bot
            and versions.surface = looks.surface
            and versions.observed_at = looks.observed_at
        where {{ touched("looks.observed_at") }}
    ),
    looks as (
        select
            *,
            case
                when kind in ('events', 'text')
                then status in ('ok', 'missing', 'torn')  -- read to its last whole line
                else status in ('ok', 'nonfinite', 'unwritten') and is_state
            end as is_good,
            case
                when observed_at = first_observed_at
                then least(observed_at, coalesce(import_started_at, observed_at))
                else observed_at
            end as valid_from
        from seen
    ),
    known as (
        select {{ columns }}, case when is_good then observed_at end as good_at
        from looks {{ plus_row_before(columns ~ ", last_good_at") }}
    )
select
    bot,
    surface,
    kind,
    cadence_seconds,
    poll_seconds,
    status,
    detail,
    missing_keys,
    nonfinite_keys,
    size_bytes,
    seconds_back,
    is_good,
    published_at,
    written_at,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by bot, surface order by valid_from), {{ forever() }}
    ) as valid_to,
    max(good_at) over (
        partition by bot, surface
        order by valid_from
        rows between unbounded preceding and current row
    ) as last_good_at,
    _file,
    _sha256
from known
