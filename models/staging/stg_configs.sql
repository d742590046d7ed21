-- One row per version of a config file.
with
    source as (
        {% for name in ["risk_limits", "runtime", "strategy_config"] -%}
            select * from {{ source("raw", name) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            _surface as surface,
            -- text
            payload,
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
