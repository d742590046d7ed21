-- nav.json against every other place that states NAV, for as long as both stood as they did.
select
    nav.bot,
    other.surface,
    other.shape,
    nav.nav_usd,
    other.nav_usd as other_nav_usd,
    nav.nav_usd - other.nav_usd as gap_usd,
    abs(nav.nav_usd - other.nav_usd)
    / nullif(least(abs(nav.nav_usd), abs(other.nav_usd)), 0) as gap_ratio,
    greatest(nav.valid_from, other.valid_from) as valid_from,
    least(nav.valid_to, other.valid_to) as valid_to,
    other._file,
    other._sha256
from {{ ref("int_nav_observations") }} as nav
inner join
    {{ ref("int_nav_observations") }} as other
    on other.bot = nav.bot
    and other.surface not in ('nav', 'nav_points')
    and other.valid_from < nav.valid_to
    and nav.valid_from < other.valid_to
where nav.surface = 'nav' and nav.nav_usd > 0 and other.nav_usd > 0
