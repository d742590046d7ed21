-- One row per finding of a verdict of `watchhouse check`.
{{ config(materialized="incremental", meta={"touched": "_load_id", "stream": "watch_verdicts"}) }}

with
    listed as (
        select
            *,
            unnest(
                from_json(
                    findings,
                    '[{"check": "VARCHAR", "playbook": "VARCHAR", "bot": "VARCHAR", "subject": "VARCHAR", "severity": "VARCHAR", "since": "VARCHAR", "reason": "VARCHAR", "for_seconds": "DOUBLE", "clear_seconds": "DOUBLE"}]'
                )
            ) as j
        from {{ ref("stg_watch_verdicts") }}
        where {{ touched("_load_id") }}
    )
select
    -- ids
    j.bot,
    j.check as check_name,
    -- text
    j.playbook,
    j.subject,
    j.severity,
    j.reason,
    -- numerics
    j.for_seconds,
    j.clear_seconds,
    -- timestamps
    {{ to_utc("j.since") }} as since_at,
    judged_at,
    -- loader
    _file_id,
    _offset,
    _load_id
from listed
