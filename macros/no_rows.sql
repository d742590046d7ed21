{# No rows, their columns of the types that the model's contract gives them: to a join a bare null is
   a number, and it reads names as numbers too. #}
{% macro no_rows(columns) -%}
    {%- set nulls = [] -%}
    {%- for name in columns -%}
        {#- a unit test knows no contract -#}
        {%- set type = model.columns.get(name, {}).get("data_type") -%}
        {%- do nulls.append(("cast(null as " ~ type ~ ")" if type else "null") ~ " as " ~ name) -%}
    {%- endfor -%}
    {{ return("(select " ~ nulls | join(", ") ~ " where false)") }}
{%- endmacro %}
