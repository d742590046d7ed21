{# LONG or SHORT as the bot reads it: BUY is LONG, SELL is SHORT, else the sign of the quantity. #}
{% macro position_side(side, qty) -%}
    case
        when upper({{ side }}) in ('LONG', 'BUY')
        then 'LONG'
        when upper({{ side }}) in ('SHORT', 'SELL')
        then 'SHORT'
        when {{ qty }} < 0
        then 'SHORT'
        else 'LONG'
    end
{%- endmacro %}
