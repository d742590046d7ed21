-- Means: the executor was silent within the last hour; that it works again is not proven yet.
-- Look at: fct_liveness since then: exit scans, signals, router events.
-- Do: verify that the timestamps in diagnostics.json tick, not updated_ts alone; restart again if
-- they do not.
-- Blind to: a market in which there is nothing to signal: the proof waits for a signal.
{{
    config(
        meta={
            "needs": ["diagnostics"],
            "on_silence": true,
            "playbook_lines": ["P1-A3"],
            "explained_by": ["executor_is_silent"],
            "proof": "update fct_surface_health set status = 'stale' where surface = 'diagnostics' and valid_from between (select max(minute) - interval '15 minutes' from fct_pipeline_minutes) and (select max(minute) - interval '6 minutes' from fct_pipeline_minutes)",
            "spares": [
                "update fct_surface_health set status = 'stale' where surface = 'diagnostics' and valid_from between (select max(minute) - interval '15 minutes' from fct_pipeline_minutes) and (select max(minute) - interval '6 minutes' from fct_pipeline_minutes); update limits set value = 7200 where limit_name = 'silent_seconds'"
            ],
        }
    )
}}
with
    silent as (
        select bad.*
        from
            {{
                recently_true(
                    ref("fct_surface_health"),
                    "surface = 'diagnostics' and status = 'stale'",
                    "bot",
                )
            }} as bad
        inner join {{ at_clock(limit("silent_seconds")) }} as limits using (as_of, bot)
        inner join {{ ref("dim_surfaces") }} as surfaces on surfaces.surface = 'diagnostics'
        where
            {{ seconds_between("bad_from", "bad_until") }}
            + {{ var("stale_cadences") }} * surfaces.cadence_seconds
            > limits.value
    ),
    ticked as (
        select
            silent.as_of,
            silent.bot,
            count(distinct last_exit_scan_at) as scans,
            count(distinct last_signal_at) filter (where last_signal_at >= bad_until) as signals
        from silent
        inner join
            {{ ref("fct_liveness") }} as liveness
            on liveness.bot = silent.bot
            and liveness.valid_from >= silent.bad_until
            and liveness.valid_from <= silent.as_of
        group by silent.as_of, silent.bot
    )
select
    silent.as_of,
    silent.bot,
    'recovery of the executor' as subject,
    case
        when
            scans >= 3
            and signals > 0
            and bad_until <= silent.as_of - interval '{{ var("recovery_hold_minutes") }} minutes'
        then 'info'
        when bad_times > 1
        then 'crit'
        else 'warn'
    end as severity,
    bad_until as since,
    format(
        'silent {} times within the hour, last until {}; since then {} exit scans and {} new signals',
        bad_times,
        strftime(bad_until, '%H:%M:%S'),
        coalesce(scans, 0),
        coalesce(signals, 0)
    ) as reason,
    bad_from,
    bad_until,
    bad_times,
    coalesce(scans, 0) as scans_since,
    coalesce(signals, 0) as signals_since,
    liveness._file,
    liveness._sha256
from silent
inner join {{ at_clock(ref("fct_liveness")) }} as liveness using (as_of, bot)
left join ticked using (as_of, bot)
