-- Where the events of an imported log begin: an import covers its streams from there to the look.
with
    imports as (select load_id from {{ source("ledger", "polls") }} where is_import),
    source as (
        {% for table in registry("events") %}
            select
                _bot,
                '{{ table.name }}' as surface,
                coalesce(
                    {% for key in (table.time_key or "ts").split("|") -%}
                        {{ json_text("payload", "$." ~ key) }},
                    {%- endfor %} null
                ) as stamp
            from {{ table.relation }}
            where _load_id in (select load_id from imports) {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            surface,
            -- timestamps
            min({{ to_utc("stamp") }}) as started_at
        from source
        group by _bot, surface
    )
select *
from renamed
