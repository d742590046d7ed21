-- Means: an open position is published without an entry or mark price, so nothing that
-- is computed from it can be right.
-- Look at: the rows of positions_state.json.
-- Do: restart the executor; check what the exchange answers for that symbol.
-- Blind to: positions that the bot drops because their entry price is 0.
{{
    config(
        meta={
            "needs": ["positions_state"],
            "playbook_lines": ["P1-C2"],
            "explained_by": ["state_file_is_damaged"],
            "proof": "update fct_positions set mark_price = 0",
            "also": [
                "update fct_positions set mark_price = 0 where valid_to = timestamp '9999-12-31'"
            ],
        }
    )
}}
with
    priceless as (
        select *, dense_rank() over (partition by as_of, bot order by valid_from desc) as nth
        from {{ lately(ref("fct_positions")) }} as positions
        where coalesce(mark_price, 0) <= 0 or coalesce(entry_price, 0) <= 0
    )
select
    as_of,
    bot,
    'state/positions_state.json' as subject,
    case when bool_and(is_over) then 'warn' else 'crit' end as severity,
    min(valid_from) as since,
    format(
        '{} open positions without entry or mark price: {}',
        count(*),
        string_agg(position_key, ', ' order by position_key)
    ) as reason,
    count(*) as rows,
    string_agg(position_key, ', ' order by position_key) as position_keys,
    'state/positions_state.json' as path,
    'state/positions_state.json' as _file,
    max(_sha256) as _sha256
from priceless
where nth = 1
group by as_of, bot
