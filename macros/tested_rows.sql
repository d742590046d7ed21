{# What a test of a model's column reads. A build tests the rows that it has computed; `dbt test`, and a
   build of everything, test all of them. #}
{% macro default__get_where_subquery(relation) -%}
    {%- if config.get("where") -%}
        {{ return(dbt.default__get_where_subquery(relation)) }}
    {%- endif -%}
    {%- set column = touched_column() if execute and flags.WHICH == "build" and not flags.FULL_REFRESH -%}
    {%- if not column -%} {{ return(relation) }} {%- endif -%}
    {%- set since = run_query("select since from raw.touched").rows[0][0] -%}
    {%- set tested -%}
        (
            select * from {{ relation }}
            where {{ column }} >= timestamp '{{ since }}' or {{ column }} is null
        ) as touched
    {%- endset -%}
    {{ return(tested) }}
{%- endmacro %}


{# The time by which the tested model's rows are replaced; none when they are not. #}
{% macro touched_column() -%}
    {%- set tested = graph.nodes.get(model.attached_node) -%}
    {%- set column = (tested.config.meta or {}).get("touched", "") if tested else "" -%}
    {{ return("" if column.endswith("load_id") else column) }}
{%- endmacro %}
