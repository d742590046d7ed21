{# Before `dbt test`: that nothing was built is said once, not once per test. #}
{% macro require_build() -%}
    {%- set needed = [ref("fct_surface_health"), ref("check_exceptions"), ref("expected_quiet")] -%}
    {%- if execute and flags.WHICH == "test" -%}
        {%- for relation in needed if not load_relation(relation) -%}
            {%- do exceptions.raise_compiler_error(
                relation.identifier
                ~ " has never been built in "
                ~ target.path
                ~ "\nhint: dbt build"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
