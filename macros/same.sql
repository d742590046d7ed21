{# Two columns are equal, in a form by which no hash join is made: the planner then joins by the ranges
   beside it. By the hash of one bot's name all its rows meet each other: 200,000 of them took eight
   minutes, 500,000 by ranges two seconds. For inner joins only. #}
{% macro same(one, other) -%}
    (case when {{ one }} = {{ other }} then 1 else 0 end) > 0
{%- endmacro %}
