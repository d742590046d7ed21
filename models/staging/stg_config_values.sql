-- One row per version of a config file and limit that it may set; percents above 1 as the bot
-- reads them. Of two paths the bot takes the smaller value.
with
    source as (
        {% for limit in limit_sources() | selectattr("surface", "defined") -%}
            select
                '{{ limit.name }}' as limit_name,
                '{{ limit.path }}' as json_path,
                least(
                    {% for path in [limit.path, limit.or_path] if path -%}
                        try_cast({{ json_text("payload", path) }} as double)
                        {{ "," if not loop.last }}
                    {%- endfor %}
                ) as raw_value,
                *
            from {{ source("raw", limit.surface) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            _surface as surface,
            limit_name,
            -- text
            json_path,
            -- numerics
            raw_value,
            -- timestamps
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
