{# A schema is called what the project says, without the target's prefix; marts live in `main`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
