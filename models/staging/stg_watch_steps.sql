-- One row per step of `watchhouse run` that came to an end.
with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"at": "VARCHAR", "what": "VARCHAR", "step": "VARCHAR", "outcome": "VARCHAR", "exit_code": "INTEGER", "seconds": "DOUBLE", "said": "VARCHAR"}',
                )
            }}
            as j
        from {{ source("raw", "watch_notices") }}
        where _superseded_at is null
    )
select
    -- text
    j.step,
    j.outcome,
    j.said,
    -- numerics
    cast(j.exit_code as bigint) as exit_code,
    j.seconds as lasted_seconds,
    -- timestamps
    {{ to_utc("j.at") }} as ended_at,
    -- loader
    _file_id,
    _file,
    _offset
from source
where j.what = 'step'
