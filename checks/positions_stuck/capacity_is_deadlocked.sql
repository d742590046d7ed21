-- Means: the position limit is reached, orders are refused for it, and the open
-- positions cannot close because they have no exits: nothing can move any more.
-- Look at: fct_exit_coverage and the refusals for max_concurrent.
-- Do: seed the registry (scripts/seed_exit_registry_from_open_positions.py), then restart the
-- executor.
-- Blind to: a limit that the bot counts differently from open positions.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger", "risk_vetoes"],
            "playbook_lines": ["P1-C3", "P1-A1", "P1-A2"],
            "explained_by": ["open_position_has_no_exit", "crossed_exit_did_not_fire"],
            "proof": "update fct_exit_coverage set open_count = 6, missing_tp_sl_count = 6; insert into fct_vetoes (bot, veto_id, symbol, reason, occurred_at) select bot, 'v', 'BTCUSDT', 'max_concurrent', max(minute) from fct_pipeline_minutes group by bot",
            "spares": [
                "update fct_exit_coverage set open_count = 2, missing_tp_sl_count = 2; insert into fct_vetoes (bot, veto_id, symbol, reason, occurred_at) select bot, 'v', 'BTCUSDT', 'max_concurrent', max(minute) from fct_pipeline_minutes group by bot",
                "update fct_exit_coverage set open_count = 6, missing_tp_sl_count = 6; insert into fct_vetoes (bot, veto_id, symbol, reason, occurred_at) select bot, 'v', 'BTCUSDT', 'cooldown', max(minute) from fct_pipeline_minutes group by bot",
            ],
        }
    )
}}
with
    refused as (
        select as_of, bot, count(*) as refusals, min(occurred_at) as first_at
        from {{ at_clock(ref("fct_vetoes"), within="1 hour") }} as vetoes
        where reason in ('max_concurrent', 'position_limit')
        group by as_of, bot
    )
select
    coverage.as_of,
    coverage.bot,
    'capacity' as subject,
    'crit' as severity,
    refused.first_at as since,
    format(
        '{} positions open (limit {:.0f}), {} without TP/SL, {} entries refused for it in the last hour',
        coverage.open_count,
        limits.value,
        coverage.missing_tp_sl_count,
        refused.refusals
    ) as reason,
    coverage.open_count as open_positions,
    limits.value as max_concurrent_positions,
    coverage.missing_tp_sl_count as missing_tp_sl_entries,
    refused.refusals,
    'state/positions_ledger.json' as _file,
    coverage._sha256
from {{ at_clock(ref("fct_exit_coverage")) }} as coverage
inner join refused using (as_of, bot)
inner join {{ at_clock(limit("max_concurrent_positions")) }} as limits using (as_of, bot)
where coverage.open_count >= limits.value and coverage.missing_tp_sl_count > 0
