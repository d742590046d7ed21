{# Before `dbt test`: that nothing was built is said once, not once per test. #}
{% macro require_build() -%}
    {%- set needed = [ref("fct_surface_health"), ref("check_exceptions"), ref("expected_quiet")] -%}
    {%- if execute and flags.WHICH == "test" -%}
        {%- set tables = run_query(
            "select schema_name || '.' || table_name from duckdb_tables() where not internal"
        ) -%}
        {%- set built = tables.columns[0].values() -%}
        {%- for relation in needed if relation.schema ~ "." ~ relation.identifier not in built -%}
            {%- do exceptions.raise_compiler_error(
                relation.identifier
                ~ " has never been built in "
                ~ target.path
                ~ "\nhint: dbt build"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
