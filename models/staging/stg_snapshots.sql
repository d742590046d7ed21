-- Every state file's versions with the producer's own stamp, from the registry's `time_key`.
with
    source as (
        {% for table in registry("snapshot") %}
            select
                _bot,
                _surface,
                _missing_keys,
                _nonfinite_keys,
                {{ key_list(table.required) }} as required_keys,
                coalesce(
                    {% for key in (table.time_key or "").split("|") if key -%}
                        {{ json_text("payload", "$." ~ key) }},
                    {%- endfor %} null
                ) as published_text,
                {{ json_shape("payload") }} as shape,
                {{
                    parse_json(
                        "payload",
                        '{"updated_ts": "VARCHAR", "updated_at": "VARCHAR", "updated": "VARCHAR", "ts": "VARCHAR"}',
                    )
                }}
                as stamps,
                payload,
                _observed_at,
                _file,
                _sha256,
                _load_id
            from {{ table.relation }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    renamed as (
        select
            -- ids
            _bot as bot,
            _surface as surface,
            -- text
            shape,
            {{
                content_md5(
                    "payload",
                    ["stamps.updated_ts", "stamps.updated_at", "stamps.updated", "stamps.ts"],
                )
            }} as content_md5,
            _missing_keys as missing_keys,
            _nonfinite_keys as nonfinite_keys,
            -- booleans
            len(_missing_keys) = 0
            and not list_has_any(_nonfinite_keys, required_keys) as is_complete,
            -- timestamps
            {{ to_utc("published_text") }} as published_at,
            _observed_at as observed_at,
            -- loader
            _file,
            _sha256,
            _load_id
        from source
    )
select *
from renamed
