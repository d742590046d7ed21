-- Means: no position has been closed for an hour although one needs an exit: it has no
-- TP/SL, or its stop has been crossed.
-- Look at: order_close rows in logs/execution/orders_executed.jsonl.
-- Do: check what became of the last exit: attempts without ack, errors in
-- orders_executed.jsonl; seed the registry and rebuild the ledger; restart the executor
-- if timestamps are stale.
-- Blind to: closes that the bot never logged (a position inherited over a restart closes without
-- a row).
{{
    config(
        meta={
            "needs": ["orders_executed", "positions_state", "positions_ledger"],
            "on_silence": true,
            "playbook_lines": ["P3-C3", "P3-S1"],
            "explained_by": [
                "open_position_has_no_exit",
                "exits_idle_while_one_is_due",
                "exit_order_was_lost",
                "crossed_exit_did_not_fire",
            ],
            "proof": "delete from fct_closes; update fct_exit_coverage set missing_tp_sl_count = 1; update fct_executor_lives set valid_from= valid_from - interval '9 hours', started_at = started_at - interval '9 hours'",
            "spares": [
                "delete from fct_closes; update fct_exit_coverage set missing_tp_sl_count = 1; update fct_executor_lives set started_at = (select max(minute) - interval '10 minutes' from fct_pipeline_minutes), valid_from= (select max(minute) - interval '10 minutes' from fct_pipeline_minutes)"
            ],
        }
    )
}}
with
    closes as (
        select lives.as_of, lives.bot, max(closes.closed_at) as closed_at, count(*) as close_count
        from {{ at_clock(ref("fct_executor_lives")) }} as lives
        inner join
            {{ ref("fct_closes") }} as closes
            on closes.bot = lives.bot
            and closes.occurred_at >= lives.started_at
            and closes.occurred_at <= lives.as_of
        group by lives.as_of, lives.bot
    ),
    waiting as (
        select
            due.as_of,
            due.bot,
            due.since as due_since,
            closes.closed_at as last_close_ts,
            closes.close_count,
            limits.value as limit_seconds,
            greatest(
                due.since, coalesce(closes.closed_at, lives.started_at), lives.started_at
            ) as waiting_from
        from
            {{
                while_true(
                    ref("fct_exit_coverage"),
                    "missing_tp_sl_count + crossed_stop_count > 0",
                    "bot",
                )
            }} as due
        inner join {{ watched() }} as watch using (as_of, bot)
        inner join {{ at_clock(limit("no_close_seconds")) }} as limits using (as_of, bot)
        inner join {{ at_clock(ref("fct_executor_lives")) }} as lives using (as_of, bot)
        left join closes using (as_of, bot)
    )
select
    waiting.as_of,
    waiting.bot,
    'closes' as subject,
    'warn' as severity,
    waiting_from + limit_seconds * interval '1 second' as since,
    format(
        'no close for {:.0f} min while {} of {} open positions need an exit',
        {{ seconds_between("waiting_from", "waiting.as_of") }} / 60,
        missing_tp_sl_count + crossed_stop_count,
        open_count
    ) as reason,
    last_close_ts,
    coalesce(close_count, 0) as order_close_rows,
    {{ seconds_between("waiting_from", "waiting.as_of") }} as waiting_seconds,
    limit_seconds,
    'state/positions_ledger.json' as _file,
    coverage._sha256
from waiting
inner join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
where waiting_from + limit_seconds * interval '1 second' < waiting.as_of
