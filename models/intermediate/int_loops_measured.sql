-- How long the bot's loop and our looks really take, which no config says: the median pause of this
-- day and the one before between versions of diagnostics.json and between polls, never under what
-- the project takes for granted.
{{ config(materialized="incremental", meta={"touched": "day"}) }}

with
    looks as (
        select bot, 'loop' as pace, observed_at as looked_at
        from {{ ref("stg_snapshots") }}
        where surface = 'diagnostics' and {{ touched("observed_at + interval '1 day'") }}
        union all
        select bot, 'poll' as pace, polled_at as looked_at
        from {{ ref("stg_polls") }}
        where not is_import and {{ touched("polled_at + interval '1 day'") }}
    ),
    pauses as (
        select
            bot,
            pace,
            cast(looked_at as date) as day,
            {{ seconds_between("lag(looked_at) over looks_of_day", "looked_at") }} as seconds
        from looks
        window looks_of_day as (partition by bot, pace, cast(looked_at as date) order by looked_at)
    ),
    days as (
        select distinct bot, cast(polled_at as date) as day
        from {{ ref("stg_polls") }}
        where {{ touched("polled_at") }}
    )
select
    days.bot,
    days.day,
    greatest(
        coalesce(median(seconds) filter (where pace = 'loop'), 0), {{ var("loop_seconds") }}
    ) as loop_seconds,
    greatest(
        coalesce(median(seconds) filter (where pace = 'poll'), 0), {{ var("poll_cycle_seconds") }}
    ) as poll_seconds
from days
left join
    pauses
    on pauses.bot = days.bot
    and pauses.day <= days.day
    and pauses.day >= days.day - interval '1 day'
group by days.bot, days.day
