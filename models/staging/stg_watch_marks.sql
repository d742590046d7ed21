-- One row per acknowledgement or silence.
with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"at": "VARCHAR", "kind": "VARCHAR", "check": "VARCHAR", "bot": "VARCHAR", "incident": "VARCHAR", "author": "VARCHAR", "reason": "VARCHAR", "until": "VARCHAR"}',
                )
            }}
            as j
        from {{ source("raw", "watch_marks") }}
        where _superseded_at is null
    )
select
    -- ids
    j.bot,
    j.check as check_name,
    j.incident as incident_id,
    -- text
    j.kind as mark_kind,
    j.author,
    j.reason,
    -- timestamps
    {{ to_utc("j.at") }} as marked_at,
    coalesce({{ to_utc("j.until") }}, {{ forever() }}) as until_at,
    -- loader
    _file_id,
    _file,
    _offset
from source
