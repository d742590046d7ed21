{# Whether a price stands at or beyond a level: `above` it for a LONG's target, `below` for its stop;
   a SHORT is the mirror. NULL when either is unknown; a price of 0 is no price. #}
{% macro is_beyond(level, price, side, direction) -%}
    {%- set far, near = (">=", "<=") if direction == "above" else ("<=", ">=") -%}
    (
        {{ price }} > 0
        and case
            when {{ side }} = 'SHORT'
            then {{ price }} {{ near }} {{ level }}
            else {{ price }} {{ far }} {{ level }}
        end
    )
{%- endmacro %}
