-- Observations of NAV, each with the step from the one before on its surface. NAV 0 is no NAV.
with
    observed as (
        select
            versions.bot,
            versions.surface,
            navs.nav_source,
            navs.nav_usd,
            navs.nav_usd > 0 and navs.nav_source <> 'cache' as is_real,
            least(versions.published_at, versions.valid_from) as occurred_at,
            versions.valid_from,
            versions.valid_to,
            versions._file,
            versions._sha256
        from {{ ref("int_state_versions") }} as versions
        inner join
            {{ ref("stg_navs") }} as navs
            on navs.bot = versions.bot
            and navs.observed_at = versions.observed_at
        where versions.surface = 'nav'
    ),
    stepped as (
        select
            *,
            lag(nav_usd) over steps as previous_nav_usd,
            lag(occurred_at) over steps as previous_at
        from observed
        window steps as (partition by bot, surface, is_real order by occurred_at, valid_from)
    )
select
    bot,
    surface,
    nav_source,
    nav_usd,
    previous_nav_usd,
    nav_usd - previous_nav_usd as step_usd,
    (nav_usd - previous_nav_usd) / nullif(previous_nav_usd, 0) as step_ratio,
    {{ seconds_between("previous_at", "occurred_at") }} as gap_seconds,
    is_real,
    occurred_at,
    previous_at,
    valid_from as observed_at,
    valid_from,
    valid_to,
    _file,
    _sha256
from stepped
