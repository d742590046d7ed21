-- title: How soon did crossed exits close?
-- note: From the first look at which the mark stood beyond take profit or stop loss to the close.
-- chart: table
-- needs: positions_state, position_tp_sl
-- unit: time
with
    crossed as (
        select
            position_key,
            valid_from,
            case when is_tp_crossed then 'take profit' else 'stop loss' end as level,
            is_tp_crossed or is_sl_crossed as is_crossed,
            coalesce(
                lag(is_tp_crossed or is_sl_crossed) over (
                    partition by position_key order by valid_from
                ),
                false
            ) as was_crossed
        from fct_positions
        where bot = $bot and valid_from <= $until and valid_from < valid_to
    ),
    turns as (
        select *, lead(valid_from) over (partition by position_key order by valid_from) as turned_at
        from crossed
        where is_crossed <> was_crossed
    ),
    ended as (
        select
            turns.position_key as position,
            turns.level,
            turns.valid_from as crossed_at,
            turns.turned_at,
            min(closes.closed_at) as closed_at
        from turns
        left join
            fct_closes as closes
            on closes.bot = $bot
            and closes.symbol || ':' || closes.position_side = turns.position_key
            and closes.closed_at >= turns.valid_from
            and closes.closed_at <= coalesce(turns.turned_at, $until)
        where turns.is_crossed and turns.valid_from > $since
        group by turns.position_key, turns.level, turns.valid_from, turns.turned_at
    )
select
    position,
    level,
    crossed_at,
    closed_at,
    epoch(coalesce(closed_at, turned_at, $until) - crossed_at) as beyond_seconds,
    case
        when closed_at is not null
        then 'closed'
        when turned_at is not null
        then 'the price came back'
        else 'not closed'
    end as outcome
from ended
order by beyond_seconds desc, position, crossed_at
