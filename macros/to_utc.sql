{# A stamp as the bot writes it (ISO 8601 with or without zone, epoch seconds or milliseconds) as a
   UTC timestamp; NULL when it is none of these. Takes text: a double would lose nothing, a cast would. #}
{% macro to_utc(text) -%}
    coalesce(
        {{ epoch_to_utc("try_cast(" ~ text ~ " as double)") }},
        try_cast({{ text }} as timestamptz) at time zone 'UTC'
    )
{%- endmacro %}


{# Epoch seconds or milliseconds (from 1e11 on) as a UTC timestamp. #}
{% macro epoch_to_utc(number) -%}
    make_timestamp(
        cast(
            round(
                case when {{ number }} >= 1e11 then {{ number }} / 1e3 else {{ number }} end * 1e6
            ) as bigint
        )
    )
{%- endmacro %}


{# Seconds from one timestamp to another, as a double. #}
{% macro seconds_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }})) / cast(1e6 as double)
{%- endmacro %}


{# The end of an interval that is still open. Never NULL: a NULL end makes interval joins quadratic. #}
{% macro forever() -%} timestamp '9999-12-31' {%- endmacro %}
