-- Means: diagnostics.json goes on being rewritten, and each version says a time long past: its
-- writer's clock is slow, and whatever it stamps looks old.
-- Look at: updated_ts of the file against the time of the look; the clock of that host.
-- Do: correct the clock; until then do not believe that the executor is silent or a file stale.
-- Blind to: a clock that lags by less than the limit on silence.
{{
    config(
        meta={
            "needs": ["diagnostics"],
            "playbook_lines": ["P1-C2", "P5-C2"],
            "proof": "update fct_liveness set published_at = published_at - interval '20 minutes'",
            "spares": [
                "update fct_liveness set published_at = published_at - interval '4 minutes'",
                "update fct_liveness set published_at = published_at - interval '20 minutes', valid_from= valid_from - interval '20 minutes'",
            ],
        }
    )
}}
with
    versions as (
        select
            liveness.*,
            limits.value as limit_seconds,
            {{ seconds_between("published_at", "liveness.valid_from") }} as behind_seconds,
            -- one that was found late is no proof, three in a row are
            lag(liveness.valid_from, 2) over (
                partition by liveness.bot order by liveness.valid_from
            ) as third_from
        from {{ ref("fct_liveness") }} as liveness
        inner join
            {{ limit("silent_seconds") }} as limits
            on limits.bot = liveness.bot
            and limits.valid_from <= liveness.valid_from
            and liveness.valid_from < limits.valid_to
        where {{ within_lookback("liveness.valid_from", "liveness.valid_to") }}
    )
select
    as_of,
    bot,
    'clock' as subject,
    'warn' as severity,
    run.since,
    format(
        'diagnostics.json says {}, {:.0f} s before it was read, as it has for a while',
        strftime(published_at, '%H:%M:%S'),
        behind_seconds
    ) as reason,
    published_at as updated_ts,
    behind_seconds,
    limit_seconds,
    _file,
    _sha256
from {{ at_clock("versions") }} as versions
inner join
    {{
        while_true(
            "versions",
            "behind_seconds > limit_seconds and third_from > valid_from - interval '15 minutes'",
            "bot",
        )
    }} as run using (as_of, bot)
-- it is still being rewritten
where versions.valid_from > as_of - limit_seconds * interval '1 second'
