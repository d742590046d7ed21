-- A position is one life of its key: from the look that first saw it open to the one that did not.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from", "moving": ["valid_to", "unprotected_seconds"]},
        unique_key=["bot", "position_key", "valid_from"],
    )
}}

{% set known = [
    "was_registered",
    "mark_moved_at",
    "opened_at",
    "unprotected_since",
    "crossed_since",
] %}

with
    marked as (
        select
            levels.*,
            {% for column in known -%} before.{{ column }} as known_{{ column }}, {% endfor %}
            has_tp or has_sl as has_exit,
            coalesce(
                {{ is_beyond("take_profit_price", "mark_price", "side", "above") }}, false
            ) as is_tp_crossed,
            case when lag(valid_to) over lives = valid_from then 0 else 1 end as is_opening,
            case
                when mark_price is distinct from lag(mark_price) over lives then valid_from
            end as moved_at
        from {{ ref("int_exit_levels") }} as levels
        left join
            {{ row_before(["bot", "position_key", "valid_from"] + known) }} as before using (
                bot, position_key, valid_from
            )
        where is_open and {{ lasting("levels") }}
        window lives as (partition by bot, position_key order by valid_from)
    ),
    moved as (
        select
            *,
            sum(is_opening) over (
                partition by bot, position_key
                order by valid_from
                rows between unbounded preceding and current row
            ) as life
        from marked
    ),
    turned as (
        select
            *,
            case
                when not has_exit and coalesce(lag(has_exit) over life_so_far, true) then valid_from
            end as bared_at,
            case
                when
                    (is_tp_crossed or is_sl_crossed)
                    and not coalesce(lag(is_tp_crossed or is_sl_crossed) over life_so_far, false)
                then valid_from
            end as crossed_at
        from moved
        window life_so_far as (partition by bot, position_key, life order by valid_from)
    )
select
    bot,
    position_key,
    symbol,
    side,
    qty,
    entry_price,
    mark_price,
    notional_usd,
    unrealized_pnl_usd,
    case when side = 'SHORT' then -1 else 1 end
    * (mark_price - entry_price)
    / nullif(entry_price, 0) as pnl_ratio,
    take_profit_price,
    stop_loss_price,
    registered_by,
    is_in_ledger,
    is_in_registry,
    has_tp,
    has_sl,
    has_exit,
    coalesce(unrealized_pnl_usd < 0, false) as is_underwater,
    is_tp_crossed,
    is_sl_crossed,
    coalesce({{ is_beyond("take_profit_price", "entry_price", "side", "above") }}, false)
    or coalesce(
        {{ is_beyond("stop_loss_price", "entry_price", "side", "below") }}, false
    ) as is_exit_on_wrong_side,
    bool_or(is_in_registry or coalesce(known_was_registered, false)) over so_far as was_registered,
    max(coalesce(known_mark_moved_at, moved_at)) over so_far as mark_moved_at,
    min(coalesce(known_opened_at, valid_from)) over so_far as opened_at,
    case
        when not has_exit then max(coalesce(known_unprotected_since, bared_at)) over so_far
    end as unprotected_since,
    case
        when is_tp_crossed or is_sl_crossed
        then max(coalesce(known_crossed_since, crossed_at)) over so_far
    end as crossed_since,
    case
        when has_exit
        then 0
        when valid_to < {{ forever() }}
        then {{ seconds_between("valid_from", "valid_to") }}
    end as unprotected_seconds,
    valid_from,
    valid_to,
    positions_sha256 as _sha256
from turned
window
    so_far as (
        partition by bot, position_key, life
        order by valid_from
        rows between unbounded preceding and current row
    )
-- so that a look at one time skips the rest of a year
order by valid_from
