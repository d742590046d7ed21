-- What each look made of a file: ingest's status, refined by what its content says of itself.
with
    looks as (
        select
            looks.*,
            versions.published_at,
            versions.seconds_back,
            surfaces.kind,
            surfaces.cadence_seconds,
            imports.started_at as import_started_at,
            case
                when looks.status <> 'ok' or surfaces.kind <> 'snapshot'
                then looks.status
                when versions.went_back
                then 'went_back'
                when len(looks.missing_keys) > 0
                then 'incomplete'
                when len(looks.nonfinite_keys) > 0
                then 'nonfinite'
                else 'ok'
            end as refined_status,
            case
                when surfaces.kind in ('events', 'text')
                then looks.status in ('ok', 'missing', 'torn')  -- read to its last whole line
                -- written only on change: until there is something to write, no file is right
                when
                    surfaces.cadence_seconds is null
                    and looks.status = 'missing'
                    and looks.observed_at
                    = min(looks.observed_at) over (partition by looks.bot, looks.surface)
                then true
                else looks.status = 'ok' and coalesce(versions.is_state, true)
            end as is_good
        from {{ ref("stg_observations") }} as looks
        inner join {{ ref("int_surfaces") }} as surfaces using (surface)
        left join {{ ref("int_import_starts") }} as imports on imports.bot = looks.bot
        left join
            {{ ref("int_snapshots_vetted") }} as versions
            on versions.bot = looks.bot
            and versions.surface = looks.surface
            and versions.observed_at = looks.observed_at
    )
select
    bot,
    surface,
    kind,
    cadence_seconds,
    refined_status as status,
    detail,
    missing_keys,
    nonfinite_keys,
    size_bytes,
    seconds_back,
    is_good,
    published_at,
    written_at,
    case
        when lag(observed_at) over (partition by bot, surface order by observed_at) is null
        then least(observed_at, coalesce(import_started_at, observed_at))
        else observed_at
    end as valid_from,
    coalesce(
        lead(observed_at) over (partition by bot, surface order by observed_at), {{ forever() }}
    ) as valid_to,
    max(case when is_good then observed_at end) over (
        partition by bot, surface
        order by observed_at
        rows between unbounded preceding and current row
    ) as last_good_at,
    _file,
    _sha256
from looks
