-- Surfaces that a bot has no source for: a check that needs one is not applicable.
select as_of, bot, surface
from {{ at_clock(ref("fct_surface_health")) }} as health
where status = 'not configured'
