-- One row per verdict of `watchhouse check`, as it was said.
{{ config(materialized="incremental", meta={"touched": "_load_id"}) }}

with
    source as (
        select
            *,
            {{
                parse_json(
                    "payload",
                    '{"at": "VARCHAR", "said_at": "VARCHAR", "verdict": "VARCHAR", "coverage": "DOUBLE", "late": "BOOLEAN", "commit": "VARCHAR", "findings": "JSON", "doubts": "JSON"}',
                )
            }}
            as j
        from {{ source("raw", "watch_verdicts") }}
        where _superseded_at is null and {{ touched("_load_id") }}
    ),
    renamed as (
        select
            -- text
            j.verdict,
            cast(j.findings as varchar) as findings,
            cast(j.doubts as varchar) as doubts,
            j.commit as project_commit,
            -- numerics
            j.coverage as coverage_ratio,
            -- booleans
            coalesce(j.late, false) as is_late,
            -- timestamps
            {{ to_utc("j.at") }} as judged_at,
            {{ to_utc("coalesce(j.said_at, j.at)") }} as said_at,
            -- loader
            _file_id,
            _file,
            _offset,
            _load_id
        from source
    )
select *
from renamed
