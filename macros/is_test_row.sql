{# Rows that the bot's own pytest and smoke runs leave in live logs: landed, kept out of marts. #}
{% macro is_test_row(strategy, symbol) -%}
    coalesce(
        lower({{ strategy }})
        in ('smoke', 'smoke_test', 'test', 'pytest', 'unit_test', 'test_strategy', 'dummy')
        or upper({{ symbol }}) in ('TEST', 'TESTUSDT', 'DUMMY', 'FOO', 'XYZUSDT'),
        false
    )
{%- endmacro %}
