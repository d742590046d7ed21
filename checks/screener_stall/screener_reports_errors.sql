-- Means: the executor's log holds errors of the screener: symbols that could not be fetched, or a
-- universe that could not be resolved.
-- Look at: fct_log_lines around these instants; the first error is below.
-- Do: fix the universe or the access to the exchange; restart the executor and confirm new
-- timestamps for signals.
-- Blind to: errors whose lines name neither screener nor universe; without a text log nothing is
-- seen.
{{
    config(
        meta={
            "needs": ["exec_log"],
            "playbook_lines": ["P4-C2"],
            "proof": "insert into fct_log_lines (bot, level, tag, message, occurred_at, observed_at, _file, _offset) select bot, 'ERROR', 'screener', 'fetch failed for BTCUSDT', max(minute) - i * interval '1 minute', max(minute), 'exec.log', i from fct_pipeline_minutes, range(5) as r(i) group by bot, i",
            "spares": [
                "insert into fct_log_lines (bot, level, tag, message, occurred_at, observed_at, _file, _offset) select bot, 'ERROR', 'screener', 'fetch failed for BTCUSDT', max(minute), max(minute), 'exec.log', 1 from fct_pipeline_minutes group by bot"
            ],
        }
    )
}}
select
    lines.as_of,
    lines.bot,
    'screener' as subject,
    'warn' as severity,
    min(lines.occurred_at) as since,
    format(
        '{} errors of the screener in 15 min, the last: {}',
        count(*),
        left(max_by(lines.message, lines._offset), 120)
    ) as reason,
    count(*) as errors,
    min_by(lines.message, lines._offset) as first_error,
    min_by(lines._file, lines._offset) as _file,
    min(lines._offset) as _offset
from {{ at_clock(ref("fct_log_lines"), within="15 minutes") }} as lines
inner join {{ at_clock(limit("screener_errors_count")) }} as limits using (as_of, bot)
where
    level in ('WARNING', 'ERROR', 'CRITICAL')
    and (
        regexp_matches(lower(coalesce(tag, '')), 'screener|universe|symbol')
        or regexp_matches(lower(message), 'screener|universe|klines|fetch.*(fail|error)')
    )
group by lines.as_of, lines.bot
having count(*) >= max(limits.value)
