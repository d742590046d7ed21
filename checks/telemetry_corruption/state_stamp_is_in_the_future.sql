-- Means: a state file's own timestamp lies ahead of the look that read it: its writer's clock is
-- wrong, and its silence would go unseen.
-- Look at: updated_ts of the file against the time of the look; the clock of that host.
-- Do: correct the clock; find a writer that stamps with another clock than the executor.
-- Blind to: a clock that is slow; see executor_clock_is_slow.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "nav"],
            "playbook_lines": ["P1-C2", "P5-C2"],
            "proof": "update fct_surface_health set published_at = valid_from + interval '1 hour' where surface = 'nav'",
        }
    )
}}
select
    as_of,
    bot,
    surface as subject,
    'warn' as severity,
    min(valid_from) as since,
    format(
        '{} says {}, {:.0f} s after it was read',
        max(_file),
        strftime(max_by(published_at, valid_from), '%Y-%m-%d %H:%M:%S'),
        {{ seconds_between("max(valid_from)", "max_by(published_at, valid_from)") }}
    ) as reason,
    max_by(published_at, valid_from) as published_at,
    max(valid_from) as observed_at,
    max(_file) as path,
    max(_file) as _file,
    max_by(_sha256, valid_from) as _sha256
from {{ lately(ref("fct_surface_health")) }} as health
where status = 'ok' and published_at > last_good_at + interval '60 seconds'
group by as_of, bot, surface
