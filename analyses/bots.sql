-- Bots that had been read by the instant.
select distinct as_of, bot from {{ at_clock(ref("fct_surface_health")) }} as health
