{# The bot's files of one kind (or all), not the watch's own journal, as dbt knows them: [{name, relation, …meta}]. Empty while
   dbt parses, since the graph is not there yet: a model that loops over it shows no lineage to them. #}
{% macro registry(kind=none) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == "raw" -%}
            {%- set meta = node.config.meta -%}
            {%- if meta.root != "journal" and (kind is none or meta.kind == kind) -%}
                {%- do found.append(dict(meta, name=node.name, relation=node.relation_name)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found | sort(attribute="name")) }}
{%- endmacro %}


{# Registry keys such as ['a|b', 'c'] as a list of text: every alternative. #}
{% macro key_list(keys) -%}
    {{ return("['" ~ (keys or ["-"]) | join("|") | replace("|", "', '") ~ "']") }}
{%- endmacro %}
