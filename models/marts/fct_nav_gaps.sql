-- nav.json against every other place that states NAV, for as long as both stood as they did.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "surface", "valid_from"],
    )
}}

with
    gaps as (
        select
            nav.bot,
            other.surface,
            other.shape,
            nav.nav_usd,
            other.nav_usd as other_nav_usd,
            nav.nav_source,
            other.nav_source as other_nav_source,
            nav.nav_usd - other.nav_usd as gap_usd,
            abs(nav.nav_usd - other.nav_usd)
            / nullif(least(abs(nav.nav_usd), abs(other.nav_usd)), 0) as gap_ratio,
            greatest(nav.valid_from, other.valid_from) as valid_from,
            least(nav.valid_to, other.valid_to) as valid_to,
            nav.occurred_at,
            other.occurred_at as other_occurred_at,
            other._file,
            other._sha256
        from {{ ref("int_nav_observations") }} as nav
        inner join
            {{ ref("int_nav_observations") }} as other
            on {{ same("other.bot", "nav.bot") }}
            and other.surface not in ('nav', 'nav_points')
            and other.valid_from < nav.valid_to
            and nav.valid_from < other.valid_to
        where
            {{ lasting("nav") }}
            and {{ lasting("other") }}
            and nav.surface = 'nav'
            and nav.nav_usd > 0
            and other.nav_usd > 0
    ),
    -- a gap stands from where it opened, over versions of either file
    apart as (
        select
            gaps.*,
            coalesce(gap_ratio >= {{ var("nav_step_floor_ratio") }}, false) as is_apart,
            case
                when known.apart_since is not null
                then known.apart_since
                when
                    lag(gap_ratio >= {{ var("nav_step_floor_ratio") }}) over versions
                    and lag(valid_to) over versions = valid_from
                then null
                else valid_from
            end as opened_at
        from gaps
        left join
            {{ row_before(["bot", "surface", "valid_from", "apart_since"]) }} as known using (
                bot, surface, valid_from
            )
        window versions as (partition by bot, surface order by valid_from, valid_to)
    ),
    lasting as (
        select
            *,
            max(case when is_apart then opened_at end) over (
                partition by bot, surface
                order by valid_from, valid_to
                rows between unbounded preceding and current row
            ) as apart_since
        from apart
    )
select
    bot,
    surface,
    shape,
    nav_usd,
    other_nav_usd,
    nav_source,
    other_nav_source,
    gap_usd,
    gap_ratio,
    case when is_apart then apart_since end as apart_since,
    case
        when not is_apart
        then null
        when nav_source = 'cache' or other_nav_source = 'cache'
        then 'cached source'
        when
            {{
                seconds_between(
                    "apart_since",
                    "max(valid_to) over (partition by bot, surface, apart_since, is_apart)",
                )
            }} < {{ var("loop_seconds") }}
        then 'files of one loop'
        when
            abs({{ seconds_between("other_occurred_at", "occurred_at") }})
            > {{ 3 * var("loop_seconds") }}
        then 'one of the two stands still'
        when surface = 'nav_state' and shape = 'sync_state'
        then 'equity of the NAV log, not of the wallet'
        else 'unexplained'
    end as likely_cause,
    {{ seconds_between("other_occurred_at", "occurred_at") }} as other_age_seconds,
    valid_from,
    valid_to,
    _file,
    _sha256
from lasting
