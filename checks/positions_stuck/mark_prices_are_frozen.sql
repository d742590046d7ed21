-- Means: no open position's mark price has moved for ten minutes while the file is being rewritten.
-- Look at: mark_price in positions_state.json over the last versions.
-- Do: check the price feed; restart the executor if it is stale.
-- Blind to: a market that really stands still; that needs a price from outside.
{{
    config(
        meta={
            "needs": ["positions_state"],
            "on_silence": true,
            "playbook_lines": ["P1-S1", "P3-A2"],
            "explained_by": ["executor_is_silent", "state_file_is_frozen"],
            "proof": "update fct_positions set mark_moved_at = mark_moved_at - interval '1 day'",
        }
    )
}}
select
    positions.as_of,
    positions.bot,
    'mark prices' as subject,
    'warn' as severity,
    max(mark_moved_at) + max(limits.value) * interval '1 second' as since,
    format(
        'no mark of {} open positions has moved for {:.0f} min',
        count(*),
        {{ seconds_between("max(mark_moved_at)", "positions.as_of") }} / 60
    ) as reason,
    count(*) as open_positions,
    max(mark_moved_at) as last_moved_at,
    'state/positions_state.json' as _file,
    max(positions._sha256) as _sha256
from {{ at_clock(ref("fct_positions")) }} as positions
inner join {{ at_clock(limit("frozen_mark_seconds")) }} as limits using (as_of, bot)
inner join {{ watched() }} as watch using (as_of, bot)
group by positions.as_of, positions.bot
having max(mark_moved_at) + max(limits.value) * interval '1 second' < positions.as_of
