-- Means: the NAV that the bot works with is 0, or a cached copy: sizes, caps and
-- circuits are computed from it, so it refuses orders or sizes them wrongly.
-- Look at: nav.json, nav and nav_detail.source.
-- Do: fix the NAV source (exchange access, balances), not the caps that refuse orders; rerun the
-- executor.
-- Blind to: a live NAV that is wrong.
{{
    config(
        meta={
            "needs": ["nav"],
            "playbook_lines": ["P2-C1", "P1-C1"],
            "explained_by": ["state_file_is_damaged"],
            "proof": "update fct_nav set nav_usd = 0, nav_source = 'unavailable' where surface = 'nav'",
        }
    )
}}
select
    nav.as_of,
    nav.bot,
    'NAV' as subject,
    case when coalesce(nav.nav_usd, 0) <= 0 then 'crit' else 'warn' end as severity,
    run.since,
    format('NAV is {:.2f} USD from source {}', coalesce(nav.nav_usd, 0), nav.nav_source) as reason,
    nav.nav_usd,
    nav.nav_source,
    nav._file,
    nav._sha256
from {{ at_clock(ref("fct_nav")) }} as nav
inner join
    {{
        while_true(
            ref("fct_nav"),
            "surface = 'nav' and (coalesce(nav_usd, 0) <= 0 or nav_source in ('cache', 'unavailable'))",
            "bot",
        )
    }}
    as run using (as_of, bot)
where nav.surface = 'nav'
