-- Means: a position was in the TP/SL registry and no longer is, though it is still
-- open: a restart or an overwritten file took its exit away.
-- Look at: position_tp_sl.json before and after; restarts in fct_executor_lives.
-- Do: run scripts/seed_exit_registry_from_open_positions.py and rebuild the ledger; note the
-- restart.
-- Blind to: a position that never was in the registry; see open_position_has_no_exit.
{{
    config(
        meta={
            "needs": ["position_tp_sl", "positions_state"],
            "playbook_lines": ["P1-C4", "P3-C2"],
            "explained_by": [
                "executor_restarts_too_often",
                "executor_was_restarted",
                "state_file_is_damaged",
                "state_file_is_frozen",
                "executor_is_silent",
            ],
            "proof": "update fct_positions set was_registered = true, is_in_registry= false, valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
select
    positions.as_of,
    positions.bot,
    'registry' as subject,
    'crit' as severity,
    min(lost.since) as since,
    format(
        '{} open positions lost their registry entry: {}',
        count(*),
        string_agg(positions.position_key, ', ' order by positions.position_key)
    ) as reason,
    count(*) as lost_positions,
    string_agg(positions.position_key, ', ' order by positions.position_key) as position_keys,
    'state/position_tp_sl.json' as _file,
    max(positions._sha256) as _sha256
from {{ at_clock(ref("fct_positions")) }} as positions
inner join
    {{
        while_true(
            ref("fct_positions"), "was_registered and not is_in_registry", ["bot", "position_key"]
        )
    }} as lost using (as_of, bot, position_key)
where lost.since < positions.as_of - interval '{{ var("loop_seconds") }} seconds'
group by positions.as_of, positions.bot
