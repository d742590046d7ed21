-- Means: the executor counted clearly more refusals in the last hour than its veto log holds:
-- rows of the log were lost.
-- Look at: fct_counters against risk_line_count in fct_vetoes, by reason; fct_losses.
-- Do: find the second writer or the full disk that loses rows; take counts of that hour from the
-- counters.
-- Blind to: refusals that are neither counted nor logged (doctrine, fees).
{{
    config(
        meta={
            "needs": ["diagnostics", "risk_vetoes"],
            "playbook_lines": ["P4-C3", "P5-C2"],
            "explained_by": ["two_executors_run", "log_line_is_not_json", "log_bytes_were_lost"],
            "proof": "update fct_counters set increment = increment + 20 where counter = 'by_reason'; insert into fct_counters (bot, counter, reason, increment, occurred_at) select bot, 'by_reason', 'symbol_cap', 40, max(minute) from fct_pipeline_minutes group by bot",
        }
    )
}}
with
    counted as (
        select as_of, bot, reason, sum(increment) as refusals, min(occurred_at) as first_at
        from {{ at_clock(ref("fct_counters"), within="1 hour") }} as counters
        where
            counter = 'by_reason'
            -- these are counted without a line and without refusing anything
            and reason not in ('restricted_symbol', 'non_prod_env_guard', 'symbol_not_in_universe')
        group by as_of, bot, reason
    ),
    logged as (
        select as_of, bot, reason, sum(risk_line_count) as lines
        from {{ at_clock(ref("fct_vetoes"), within="65 minutes") }} as vetoes
        group by as_of, bot, reason
    )
select
    counted.as_of,
    counted.bot,
    counted.reason as subject,
    'warn' as severity,
    counted.first_at as since,
    format(
        '{} refusals for {} counted within the hour, {} logged',
        counted.refusals,
        counted.reason,
        coalesce(logged.lines, 0)
    ) as reason,
    cast(counted.refusals as bigint) as counted_refusals,
    cast(coalesce(logged.lines, 0) as bigint) as logged_refusals,
    'execution/risk_vetoes.jsonl' as _file,
    cast(null as bigint) as _offset
from counted
left join logged using (as_of, bot, reason)
where counted.refusals - coalesce(logged.lines, 0) > greatest(10, 0.1 * counted.refusals)
