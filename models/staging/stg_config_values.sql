-- One row per version of a config file and limit that it may set; percents above 1 as the bot
-- reads them.
with
    source as (
        {% for limit in limit_sources() | selectattr("surface", "defined") -%}
            select
                '{{ limit.name }}' as limit_name,
                '{{ limit.path }}' as json_path,
                try_cast({{ json_text("payload", limit.path) }} as double) as raw_value,
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
