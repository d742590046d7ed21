{# Rows that the bot's own pytest and smoke runs leave in live logs: landed, kept out of marts. #}
{% macro is_test_row(strategy, symbol) -%}
    coalesce(
        lower({{ strategy }})
        in ('smoke', 'smoke_test', 'test', 'pytest', 'unit_test', 'test_strategy', 'dummy')
        or upper({{ symbol }}) in ('TEST', 'TESTUSDT', 'DUMMY', 'FOO', 'XYZUSDT'),
        false
    )
{%- endmacro %}


{# Whether a row of orders_executed.jsonl is one: the bot's pytest numbers its orders from 1, or names no
   symbol. #}
{% macro is_test_order(strategy, symbol, client_order_id, event_type) -%}
    (
        {{ is_test_row(strategy, symbol) }}
        or coalesce(
            length({{ client_order_id }}) <= 4 and try_cast({{ client_order_id }} as bigint) > 0,
            false
        )
        or coalesce({{ event_type }} = 'order_ack' and {{ symbol }} is null, false)
    )
{%- endmacro %}
