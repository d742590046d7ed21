-- The registry as rows.
{% set files = registry() %}
with
    registered(surface, root, path, kind, writer, time_key, cadence_seconds) as (
        {% for file in files -%}
            select
                '{{ file.name }}',
                '{{ file.root }}',
                '{{ file.path }}',
                '{{ file.kind }}',
                '{{ file.writer }}',
                '{{ file.time_key or "" }}',
                cast({{ file.cadence_seconds or "null" }} as bigint)
                {{ "union all" if not loop.last }}
        {% endfor %}
    )
select surface, root, path, kind, writer, time_key, cadence_seconds
from registered
