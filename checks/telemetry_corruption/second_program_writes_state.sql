-- Means: a state file that the executor alone writes, once per loop, is written by
-- something else too: its keys change to and fro, or it changes nearly twice as often
-- as its neighbours.
-- Look at: fct_surface_contents of the file: shape and previous_shape; who opens files in
-- logs/state.
-- Do: stop scripts that write to logs/state; restrict sync_state to its mirrors; keep
-- the executor as the only writer.
-- Blind to: a second writer of the same keys whose versions are overwritten between two looks.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "positions_ledger", "nav"],
            "playbook_lines": ["P5-C2", "P5-A2"],
            "explained_by": ["two_executors_run", "older_state_overwrote_newer"],
            "proof": "update fct_surface_contents set previous_shape = 'nav,updated_ts' where surface = 'nav' and valid_from > (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
            "also": [
                "insert into fct_surface_health (bot, surface, status, valid_from, valid_to) select bot, surface, status, valid_from + interval '20 seconds', valid_to from fct_surface_health where surface = 'nav'"
            ],
            "spares": [
                "update fct_surface_contents set previous_shape = 'nav,updated_ts' where surface = 'nav' and valid_from= (select max(valid_from) from fct_surface_contents where surface = 'nav')"
            ],
        }
    )
}}
with
    files as (
        select surface
        from {{ ref("dim_surfaces") }}
        where kind = 'snapshot' and writer = 'executor' and cadence_seconds <= 60
    ),
    versions as (
        select bot, surface, health.valid_from as occurred_at
        from {{ ref("fct_surface_health") }} as health
        inner join files using (surface)
        where
            status = 'ok'
            and {{ near_clock("health.valid_from", "health.valid_from", "15 minutes") }}
    ),
    -- changes and instants in one order: joined by time, each instant would meet fifteen minutes
    -- of rows
    moments as (
        select null as as_of, bot, surface, occurred_at as moment_at, occurred_at
        from versions
        union all
        select clock.as_of, bot, surface, clock.as_of as moment_at, null as occurred_at
        from (select distinct bot, surface from versions) as written
        cross join {{ clock() }} as clock
    ),
    paces as (
        select *, median(changes) over (partition by as_of, bot) as usual_changes
        from
            (
                select
                    as_of,
                    bot,
                    surface,
                    count(occurred_at) over quarter as changes,
                    min(occurred_at) over quarter as since
                from moments
                window
                    quarter as (
                        partition by bot, surface
                        order by
                            moment_at range
                            between interval '899.999999 seconds' preceding and current row
                    )
            ) as counted
        where as_of is not null and changes > 0
    ),
    shapes as (
        select bot, surface, valid_from as occurred_at
        from {{ ref("fct_surface_contents") }}
        where
            {{ near_clock("valid_from", "valid_from", "1 hour") }}
            and shape <> previous_shape
            and surface in (select surface from files)
    ),
    flips as (
        select as_of, bot, surface, count(*) as shape_changes, min(occurred_at) as since
        from {{ at_clock("shapes", within="1 hour") }} as shapes
        group by as_of, bot, surface
    )
select
    as_of,
    bot,
    surface as subject,
    'warn' as severity,
    coalesce(flips.since, paces.since) as since,
    format(
        '{} changed {} times in a quarter of an hour (its neighbours {:.0f}), its keys {} times in an hour',
        surfaces.path,
        coalesce(paces.changes, 0),
        coalesce(paces.usual_changes, 0),
        coalesce(flips.shape_changes, 0)
    ) as reason,
    paces.changes,
    paces.usual_changes,
    flips.shape_changes,
    surfaces.path,
    surfaces.path as _file,
    cast(null as varchar) as _sha256
from paces
full join flips using (as_of, bot, surface)
inner join {{ ref("dim_surfaces") }} as surfaces using (surface)
where
    flips.shape_changes >= 3 or (paces.changes >= 10 and paces.changes > 1.7 * paces.usual_changes)
