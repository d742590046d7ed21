-- Means: two files state NAV at the same moment and differ by more than the limit.
-- Look at: nav.json against nav_state.json (total_equity), nav_log.json, peak_state.json,
-- nav_confirmed.json.
-- Do: find which file is wrong; nav.json is canonical. If the exchange glitched, pin
-- NAV to the last good snapshot and rerun the executor once.
-- Blind to: the true balance at the exchange.
{{
    config(
        meta={
            "needs": ["nav", "nav_state"],
            "playbook_lines": ["P2-C1"],
            "explained_by": [
                "nav_jumped",
                "nav_is_not_live",
                "older_state_overwrote_newer",
                "state_file_is_frozen",
            ],
            "proof": "update fct_nav_gaps set gap_usd = 20491.7, gap_ratio = 2.05, other_nav_usd = 9996",
            "spares": [
                "update fct_nav_gaps set gap_usd = 5000, gap_ratio = 0.05, other_nav_usd = 95000"
            ],
        }
    )
}}
with
    gaps as (
        select
            gaps.*,
            row_number() over (
                partition by gaps.as_of, gaps.bot, surface order by gap_ratio desc, gaps.valid_from
            ) as nth,
            jump.value as jump_ratio
        from {{ lately(ref("fct_nav_gaps")) }} as gaps
        inner join {{ at_clock(limit("nav_surface_ratio")) }} as allowed using (as_of, bot)
        inner join {{ at_clock(limit("nav_jump_ratio")) }} as jump using (as_of, bot)
        where gap_ratio > allowed.value
    )
select
    as_of,
    bot,
    surface as subject,
    case when gap_ratio >= jump_ratio then 'crit' else 'warn' end as severity,
    valid_from as since,
    format(
        'nav.json says {:.2f} USD, {} ({}) says {:.2f}: {:.2f} apart{}',
        nav_usd,
        _file,
        shape,
        other_nav_usd,
        gap_usd,
        case when is_over then ', over since ' || strftime(valid_to, '%H:%M:%S') else '' end
    ) as reason,
    nav_usd as nav,
    other_nav_usd as nav_state_total_equity,
    gap_usd,
    gap_ratio,
    _file,
    _sha256
from gaps
where nth = 1
