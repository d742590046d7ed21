{# Since when a stage is idle: its last event or the process start, whichever is later; either may be
   missing. So every limit is its own grace after a restart. #}
{% macro idle_from(last_event_at) -%}
    greatest(
        coalesce({{ last_event_at }}, process_started_at),
        coalesce(process_started_at, {{ last_event_at }})
    )
{%- endmacro %}
