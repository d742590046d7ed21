{{ config(materialized="incremental", meta={"touched": "_load_id", "stream": "watch_verdicts"}) }}

select
    judged_at as occurred_at,
    said_at,
    verdict,
    coverage_ratio,
    is_late,
    cast(coalesce(json_array_length(findings), 0) as bigint) as finding_count,
    cast(coalesce(json_array_length(doubts), 0) as bigint) as doubt_count,
    findings,
    doubts,
    project_commit,
    _file,
    _offset,
    _load_id
from {{ ref("stg_watch_verdicts") }}
where {{ touched("_load_id") }}
