-- Means: a state file was damaged within the last hour; that it is published well again is not
-- proven yet.
-- Look at: fct_surface_health of the file since then: versions, times.
-- Do: let the executor republish; three good versions and ten minutes without new damage prove
-- it; if damage comes back, look for who else writes the file.
-- Blind to: damage that was overwritten between two looks.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "nav"],
            "playbook_lines": ["P5-A1"],
            "explained_by": ["state_file_is_damaged"],
            "proof": "update fct_surface_health set status = 'torn' where surface = 'nav' and valid_to between (select max(minute) - interval '6 minutes' from fct_pipeline_minutes) and (select max(minute) - interval '5 minutes' from fct_pipeline_minutes)",
        }
    )
}}
with
    damaged as (
        select
            clock.as_of,
            health.bot,
            health.surface,
            count(*) as damages,
            max(health.valid_to) as bad_until
        from {{ ref("fct_surface_health") }} as health
        inner join
            {{ ref("dim_surfaces") }} as surfaces
            on surfaces.surface = health.surface
            and surfaces.kind = 'snapshot'
            and surfaces.cadence_seconds is not null
        inner join
            {{ clock() }} as clock
            on health.valid_from <= clock.as_of
            and health.valid_to
            > clock.as_of - interval '{{ var("recovery_watch_minutes") }} minutes'
        where health.status in ('empty', 'torn', 'invalid', 'oversize', 'incomplete', 'nonfinite')
        group by clock.as_of, health.bot, health.surface
        having max(health.valid_to) <= clock.as_of
    )
select
    damaged.as_of,
    damaged.bot,
    damaged.surface as subject,
    case
        when
            count(good.valid_from) >= 3
            and bad_until <= damaged.as_of - interval '{{ var("recovery_hold_minutes") }} minutes'
        then 'info'
        when damages > 1
        then 'crit'
        else 'warn'
    end as severity,
    bad_until as since,
    format(
        '{} was damaged {} times within the hour, last until {}; since then {} good versions',
        damaged.surface,
        damages,
        strftime(bad_until, '%H:%M:%S'),
        count(good.valid_from)
    ) as reason,
    damages,
    count(good.valid_from) as good_versions_since,
    max(good._file) as path,
    max(good._file) as _file,
    max(good._sha256) as _sha256
from damaged
left join
    {{ ref("fct_surface_health") }} as good
    on good.bot = damaged.bot
    and good.surface = damaged.surface
    and good.status = 'ok'
    and good.valid_from >= damaged.bad_until
    and good.valid_from <= damaged.as_of
group by damaged.as_of, damaged.bot, damaged.surface, damages, bad_until
