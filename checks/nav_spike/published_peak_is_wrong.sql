-- Means: the peak that the bot keeps for its drawdown was raised above every real NAV: a spike
-- has become the peak.
-- Look at: logs/cache/peak_state.json against true_peak_usd in fct_nav.
-- Do: stop the executor and sync_state, set the peak to the true one, start again; as it is, the
-- drawdown circuit refuses orders for good.
-- Blind to: a peak that was already there at the first look.
{{
    config(
        meta={
            "needs": ["peak_state", "nav"],
            "playbook_lines": ["P2-S1", "P2-C1"],
            "explained_by": ["nav_jumped"],
            "proof": "update fct_nav set published_peak_usd = 2 * published_peak_usd where surface = 'peak_state' and valid_to = timestamp '9999-12-31'",
            "also": [
                "insert into fct_nav by name select * replace (valid_from - interval '9 days' as valid_from, valid_from - interval '8 days' as valid_to) from fct_nav where surface = 'peak_state' order by valid_from limit 1; update fct_nav set published_peak_usd = 2 * published_peak_usd where valid_to > (select max(minute) - interval '7 days' from fct_pipeline_minutes)"
            ],
            "spares": [
                "update fct_nav set published_peak_usd = 1.01 * published_peak_usd where surface = 'peak_state' and valid_to = timestamp '9999-12-31'"
            ],
        }
    )
}}
with
    older as (
        select bot, min(published_peak_usd) as lowest_peak_usd
        from {{ ref("fct_nav") }}
        where
            surface = 'peak_state' and published_peak_usd > 0 and {{ before_lookback("valid_to") }}
        group by bot
    ),
    peaks as (
        select
            nav.*,
            least(
                older.lowest_peak_usd,
                min(published_peak_usd) over (
                    partition by nav.bot order by valid_from rows unbounded preceding
                )
            ) as lowest_peak_usd
        from {{ ref("fct_nav") }} as nav
        left join older on older.bot = nav.bot
        where
            surface = 'peak_state'
            and published_peak_usd > 0
            and {{ within_lookback("valid_from", "valid_to") }}
    )
select
    peaks.as_of,
    peaks.bot,
    'peak' as subject,
    'crit' as severity,
    peaks.valid_from as since,
    format(
        'peak_state.json says {:.2f} USD, the highest real NAV was {:.2f}',
        peaks.published_peak_usd,
        nav.true_peak_usd
    ) as reason,
    peaks.published_peak_usd,
    nav.true_peak_usd,
    nav.nav_usd,
    peaks._file,
    peaks._sha256
from {{ at_clock("peaks") }} as peaks
inner join
    {{ at_clock(ref("fct_nav")) }} as nav
    on nav.as_of = peaks.as_of
    and nav.bot = peaks.bot
    and nav.surface = 'nav'
inner join
    {{ at_clock(limit("nav_surface_ratio")) }} as limits
    on limits.as_of = peaks.as_of
    and limits.bot = peaks.bot
where
    peaks.published_peak_usd
    > (1 + limits.value) * greatest(nav.true_peak_usd, peaks.lowest_peak_usd)
