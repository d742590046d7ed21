-- Means: NAV jumped within the last hour; that it is stable again is not proven yet.
-- Look at: nav.json and nav_state.json since then; `last_good_usd` is the value to pin.
-- Do: pin NAV to the last good snapshot, rerun the executor once, watch nav_state.json; half an
-- hour without a step proves it.
-- Blind to: a NAV that is stable and wrong.
{{
    config(
        meta={
            "needs": ["nav"],
            "playbook_lines": ["P2-A2"],
            "explained_by": ["nav_jumped"],
            "proof": "update fct_nav set step_ratio = 2.05, previous_nav_usd = 9996, gap_seconds = 60 where surface = 'nav' and valid_to between (select max(minute) - interval '20 minutes' from fct_pipeline_minutes) and (select max(minute) - interval '19 minutes' from fct_pipeline_minutes)",
            "spares": [
                "update fct_nav set step_ratio = 2.05, previous_nav_usd = 9996, gap_seconds = 60 where surface = 'nav' and valid_to between (select max(minute) - interval '46 minutes' from fct_pipeline_minutes) and (select max(minute) - interval '44 minutes' from fct_pipeline_minutes)"
            ],
        }
    )
}}
with
    steps as (
        select
            nav.as_of,
            nav.bot,
            count(*) filter (where abs(step_ratio) >= step.value) as steps,
            max(nav.occurred_at) filter (where abs(step_ratio) >= step.value) as last_step_at,
            max_by(nav.nav_usd, nav.occurred_at) filter (
                where surface = 'nav' and is_real and not is_outlier
            ) as last_good_usd
        from
            {{ at_clock(ref("fct_nav"), within=var("recovery_watch_minutes") ~ " minutes") }} as nav
        inner join {{ at_clock(limit("nav_step_ratio")) }} as step using (as_of, bot)
        inner join {{ at_clock(limit("nav_jump_ratio")) }} as jump using (as_of, bot)
        where surface in ('nav', 'nav_state')
        group by nav.as_of, nav.bot
        having bool_or(abs(step_ratio) >= jump.value)
    )
select
    steps.as_of,
    steps.bot,
    'recovery of NAV' as subject,
    case
        when last_step_at <= steps.as_of - interval '{{ var("nav_settle_minutes") }} minutes'
        then 'info'
        else 'warn'
    end as severity,
    last_step_at as since,
    format(
        '{} steps of NAV within the hour, none for {:.0f} min; {:.2f} USD now, last good {:.2f}',
        steps.steps,
        {{ seconds_between("last_step_at", "steps.as_of") }} / 60,
        nav.nav_usd,
        last_good_usd
    ) as reason,
    steps.steps,
    last_step_at,
    last_good_usd,
    nav.nav_usd,
    nav._file,
    nav._sha256
from steps
inner join {{ at_clock(ref("fct_nav")) }} as nav using (as_of, bot)
where nav.surface = 'nav'
