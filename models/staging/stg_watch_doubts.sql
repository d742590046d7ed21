-- One row per thing that a verdict of `watchhouse check` could not judge: no check means all, no
-- bot any.
with
    listed as (
        select
            *,
            unnest(
                from_json(doubts, '[{"check": "VARCHAR", "bot": "VARCHAR", "why": "VARCHAR"}]')
            ) as j
        from {{ ref("stg_watch_verdicts") }}
    )
select j.bot, j.check as check_name, j.why as reason, judged_at, _file_id, _offset
from listed
