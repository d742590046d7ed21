-- Means: orders are refused again and again because of a drawdown or loss circuit.
-- Look at: logs/execution/risk_vetoes.jsonl; portfolio_dd_pct in risk_snapshot.json; NAV steps
-- before.
-- Do: compare the published drawdown with the true one; if a bad NAV point feeds the
-- circuit, pin NAV to the last good snapshot and rerun the executor once; do not loosen
-- the circuit.
-- Blind to: circuits that trip while no order is attempted.
{{
    config(
        meta={
            "needs": ["risk_vetoes"],
            "playbook_lines": ["P2-C3", "P2-S2"],
            "explained_by": [
                "nav_jumped",
                "published_drawdown_is_wrong",
                "published_peak_is_wrong",
                "nav_history_was_erased",
            ],
            "proof": "update fct_refusal_runs set reason = 'portfolio_dd_circuit', run_count = 9; update fct_vetoes set reason = 'portfolio_dd_circuit'",
        }
    )
}}
with
    runs as (
        select *
        from {{ at_clock(ref("fct_refusal_runs")) }} as runs
        where
            reason
            in ('portfolio_dd_circuit', 'nav_drawdown_limit', 'daily_loss', 'circuit_breaker')
            and run_count >= 3
            and occurred_at > as_of - interval '{{ var("refusal_run_pause_minutes") }} minutes'
    ),
    counted as (
        select runs.as_of, runs.bot, runs.reason, sum(counters.increment) as increments
        from runs
        inner join
            {{ ref("fct_counters") }} as counters
            on counters.bot = runs.bot
            and counters.counter = 'by_reason'
            and counters.reason = runs.reason
            and counters.occurred_at >= runs.run_from
            and counters.occurred_at <= runs.as_of
        group by runs.as_of, runs.bot, runs.reason
    )
select
    runs.as_of,
    runs.bot,
    runs.reason as subject,
    'crit' as severity,
    runs.run_from as since,
    format(
        '{} refused {} orders, the last at {}',
        runs.reason,
        runs.run_count,
        strftime(runs.occurred_at, '%H:%M:%S')
    ) as reason,
    runs.run_count as vetoed_attempts,
    cast(counted.increments as bigint) as diagnostics_increments,
    runs.run_from as first,
    runs.occurred_at as last,
    runs._file,
    runs._offset
from runs
left join counted using (as_of, bot, reason)
