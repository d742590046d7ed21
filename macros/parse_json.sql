{# A JSON text as a struct, parsed once per row; a key that is absent or of another type is NULL.
   `fields` is DuckDB's structure notation, e.g. '{"nav": "DOUBLE", "aum": {"total": "DOUBLE"}}'. #}
{% macro parse_json(column, fields) -%} from_json({{ column }}, '{{ fields }}') {%- endmacro %}


{# The value at a JSON path as text. #}
{% macro json_text(column, path) -%} json_extract_string({{ column }}, '{{ path }}') {%- endmacro %}


{# One row per key of a JSON object: (…, key, value). #}
{% macro unnest_json_object(relation, column) -%}
    (
        select objects.*, entry.key as key, entry.value as value
        from
            (
                select
                    *, unnest(map_entries(from_json({{ column }}, '"MAP(VARCHAR,JSON)"'))) as entry
                from {{ relation }}
            ) as objects
    )
{%- endmacro %}


{# The whole number that stands right after a word in a text, NULL when none does. #}
{% macro number_after(text, word) -%}
    try_cast(nullif(regexp_extract({{ text }}, '{{ word }}([0-9]+)', 1), '') as bigint)
{%- endmacro %}


{# The top-level keys of a JSON object, sorted, by `,`: by them writers of one file are told apart. #}
{% macro json_shape(column) -%}
    array_to_string(list_sort(json_keys({{ column }})), ',')
{%- endmacro %}


{# A fingerprint of a JSON text without some of the values in it, such as its stamps: SQL texts. A row has
   one of them as a rule, and each `replace` costs more than all else that is asked of a large text. #}
{% macro content_md5(column, values) -%}
    {%- set present = "list_filter([" ~ values | join(", ") ~ "], lambda stamp: stamp <> '')" -%}
    {%- set ns = namespace(text=column) -%}
    {%- for value in values -%}
        {%- set ns.text = (
            "replace(" ~ ns.text ~ ", coalesce(nullif(" ~ value ~ ", ''), chr(0)), '')"
        ) -%}
    {%- endfor -%}
    md5(
        case
            when len({{ present }}) < 2
            then replace({{ column }}, coalesce({{ present }} [1], chr(0)), '')
            else {{ ns.text }}
        end
    )
{%- endmacro %}
