-- One row per thing that a verdict of `watchhouse check` could not judge: no check means all, no
-- bot any.
{{ config(materialized="incremental", meta={"touched": "_load_id", "stream": "watch_verdicts"}) }}

with
    listed as (
        select
            *,
            unnest(
                from_json(doubts, '[{"check": "VARCHAR", "bot": "VARCHAR", "why": "VARCHAR"}]')
            ) as j
        from {{ ref("stg_watch_verdicts") }}
        where {{ touched("_load_id") }}
    )
select j.bot, j.check as check_name, j.why as reason, judged_at, _file_id, _offset, _load_id
from listed
