-- Means: one state file has stopped changing while the executor goes on publishing others.
-- Look at: the file's age against its neighbours in logs/state.
-- Do: read the executor's log for the write that fails; restart the executor.
-- Blind to: a file that is rewritten with the same content.
{{
    config(
        meta={
            "needs": ["diagnostics"],
            "playbook_lines": ["P5-S1", "P1-C2"],
            "explained_by": ["executor_is_silent"],
            "proof": "update fct_surface_health set status = 'stale', last_good_at = valid_from - interval '1 hour' where surface = 'nav'",
        }
    )
}}
select
    frozen.as_of,
    frozen.bot,
    frozen.surface as subject,
    'crit' as severity,
    frozen.last_good_at
    + surfaces.cadence_seconds * interval '{{ var("stale_cadences") }} seconds' as since,
    format(
        '{} last changed {:.0f} s ago, diagnostics.json {:.0f} s ago',
        frozen._file,
        {{ seconds_between("frozen.last_good_at", "frozen.as_of") }},
        {{ seconds_between("neighbour.last_good_at", "frozen.as_of") }}
    ) as reason,
    frozen.last_good_at,
    {{ seconds_between("frozen.last_good_at", "frozen.as_of") }} as age_seconds,
    surfaces.cadence_seconds,
    frozen._file as path,
    frozen._file,
    frozen._sha256
from {{ at_clock(ref("fct_surface_health")) }} as frozen
inner join
    {{ ref("dim_surfaces") }} as surfaces
    on surfaces.surface = frozen.surface
    and contains(surfaces.writer, 'executor')
inner join
    {{ at_clock(ref("fct_surface_health")) }} as neighbour
    on neighbour.as_of = frozen.as_of
    and neighbour.bot = frozen.bot
    and neighbour.surface = 'diagnostics'
    and neighbour.status = 'ok'
where frozen.status = 'stale' and frozen.surface <> 'diagnostics'
