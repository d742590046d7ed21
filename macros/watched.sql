{# Bots that were being looked at, at the clock: (as_of, bot). A check on silence joins it, since
   nothing heard while nobody listened is no silence. #}
{% macro watched() -%}
    (
        select distinct as_of, bot
        from {{ at_clock(ref("fct_surface_health")) }} as health
        where status not in ('not polled', 'not configured')
    )
{%- endmacro %}
