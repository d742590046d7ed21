-- How long the bot's loop and our looks really take, which no config says: the median pause between
-- versions of diagnostics.json and between polls, never under what the project takes for granted.
with
    pauses as (
        select
            bot,
            'loop' as pace,
            {{ seconds_between("lag(observed_at) over versions", "observed_at") }} as seconds
        from {{ ref("stg_snapshots") }}
        where surface = 'diagnostics'
        window versions as (partition by bot order by observed_at)
        union all
        select
            bot,
            'poll' as pace,
            {{ seconds_between("lag(polled_at) over polls", "polled_at") }} as seconds
        from {{ ref("stg_polls") }}
        where not is_import
        window polls as (partition by bot order by polled_at)
    ),
    bots as (select distinct bot from {{ ref("stg_bots") }})
select
    bots.bot,
    greatest(
        coalesce(median(seconds) filter (where pace = 'loop'), 0), {{ var("loop_seconds") }}
    ) as loop_seconds,
    greatest(
        coalesce(median(seconds) filter (where pace = 'poll'), 0), {{ var("poll_cycle_seconds") }}
    ) as poll_seconds
from bots
left join pauses on pauses.bot = bots.bot
group by bots.bot
