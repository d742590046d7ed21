{% macro print_findings(results) -%}{%- endmacro %}
