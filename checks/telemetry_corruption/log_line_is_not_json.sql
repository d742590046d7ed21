-- Means: a line of a log could not be read as one JSON object; its bytes are kept in
-- raw.quarantine.
-- Look at: raw.quarantine at the file and offset below.
-- Do: find the writer that tore the line (two processes, a full disk, an edit by hand);
-- ensure that only the executor writes there.
-- Blind to: lines that two writers lost whole.
{{
    config(
        meta={
            "needs": ["risk_vetoes", "orders_attempted", "orders_executed"],
            "playbook_lines": ["P5-S2", "P5-C1", "P5-C2"],
            "explained_by": ["log_ends_in_torn_line", "two_executors_run"],
            "proof": "insert into fct_quarantined_lines (bot, stream, reason, length_bytes, occurred_at, observed_at, _file, _offset) select bot, 'order_metrics', 'torn line', 47, max(minute), max(minute), 'execution/order_metrics.jsonl', 12 from fct_pipeline_minutes group by bot",
        }
    )
}}
select
    lines.as_of,
    lines.bot,
    lines._file as subject,
    'warn' as severity,
    min(lines.occurred_at) as since,
    format(
        '{} lines of {} are not JSON: {} ({} bytes at {})',
        count(*),
        lines._file,
        min_by(lines.reason, lines.occurred_at),
        min_by(lines.length_bytes, lines.occurred_at),
        min_by(lines._offset, lines.occurred_at)
    ) as reason,
    count(*) as lines,
    sum(lines.length_bytes) as bytes,
    lines._file as path,
    lines._file,
    min_by(lines._offset, lines.occurred_at) as _offset
from
    {{ at_clock(ref("fct_quarantined_lines"), within=var("finding_recall_minutes") ~ " minutes") }}
    as lines
inner join
    {{ ref("dim_surfaces") }} as surfaces
    on surfaces.surface = lines.stream
    and surfaces.kind in ('events', 'text')
group by lines.as_of, lines.bot, lines._file
