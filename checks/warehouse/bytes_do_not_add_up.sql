-- Means: bytes that ingest read from a file are neither a row, nor blank, nor quarantined.
-- Look at: fct_loads, unaccounted_bytes.
-- Do: stop trusting counts from this stream; run `watchhouse ingest --verify` and keep its output.
-- Blind to: bytes that were gone before ingest looked; see raw.losses.
{{
    config(
        meta={
            "needs": [],
            "playbook_lines": [],
            "proof": "update fct_loads set unaccounted_bytes = 12",
        }
    )
}}
select
    clock.as_of,
    loads.bot,
    loads.stream as subject,
    'crit' as severity,
    min(loads.observed_at) as since,
    format(
        '{} bytes of {} in {} commits are not accounted for',
        sum(abs(unaccounted_bytes)),
        max(loads._file),
        count(*)
    ) as reason,
    sum(abs(unaccounted_bytes)) as unaccounted_bytes,
    max(loads._file) as _file,
    min(loads.from_offset) as _offset
from {{ ref("fct_loads") }} as loads
inner join {{ clock() }} as clock on loads.observed_at <= clock.as_of
where loads.unaccounted_bytes <> 0
group by clock.as_of, loads.bot, loads.stream
