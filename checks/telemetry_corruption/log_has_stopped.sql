-- Means: diagnostics.json tells of a signal or an order that its log does not hold: the log is no
-- longer written, or its last line was lost, while the executor goes on.
-- Look at: the end of the log; fct_liveness for what the executor says, fct_losses for known gaps.
-- Do: look for a full disk, permissions, a log moved away under the executor; restart the executor
-- and see the log grow. Until then whatever is counted from it is too low.
-- Blind to: logs without a stamp in diagnostics.json; refusals are compared by count.
{{
    config(
        meta={
            "needs": ["diagnostics", "signal_metrics", "orders_executed"],
            "playbook_lines": ["P0-1", "P5-C2"],
            "explained_by": [
                "log_ends_in_torn_line",
                "log_line_is_not_json",
                "log_bytes_were_lost",
            ],
            "proof": "update fct_pipeline_minutes set signal_count = 0 where minute > (select max(minute) - interval '1 hour' from fct_pipeline_minutes)",
            "also": [
                "update fct_pipeline_minutes set ack_count = 0 where minute > (select max(minute) - interval '2 hours' from fct_pipeline_minutes)",
                "insert into fct_pipeline_minutes by name select * replace (minute - interval '9 days' as minute) from fct_pipeline_minutes where signal_count > 0 limit 1; update fct_pipeline_minutes set signal_count = 0 where minute > (select max(minute) - interval '7 days' from fct_pipeline_minutes)",
                "insert into fct_pipeline_minutes by name select * replace (minute - interval '9 days' as minute) from fct_pipeline_minutes where ack_count > 0 limit 1; update fct_pipeline_minutes set ack_count = 0 where minute > (select max(minute) - interval '7 days' from fct_pipeline_minutes)",
            ],
            "spares": [
                "update fct_pipeline_minutes set signal_count = 0, ack_count = 0 where minute > (select max(minute) - interval '4 minutes' from fct_pipeline_minutes)"
            ],
        }
    )
}}
with
    ends as (
        select
            bot,
            stream,
            minute as valid_from,
            lead(minute, 1, {{ forever() }}) over (
                partition by bot, stream order by minute
            ) as valid_to
        from
            (
                {%- for stream, count in [
                    ("signal_metrics", "signal_count"),
                    ("orders_executed", "ack_count"),
                ] %}
                    select bot, minute, '{{ stream }}' as stream
                    from {{ ref("fct_pipeline_minutes") }}
                    where {{ count }} > 0 and {{ within_lookback("minute") }}
                    union all
                    -- of what lies further back the last
                    select bot, max(minute), '{{ stream }}'
                    from {{ ref("fct_pipeline_minutes") }}
                    where {{ count }} > 0 and {{ before_lookback("minute") }}
                    group by bot
                    {% if not loop.last %}
                        union all
                    {% endif %}
                {%- endfor %}
            ) as logged
    ),
    -- what was told some minutes ago: its line has had the time to be read
    said as (
        select
            bot,
            stream,
            said_at,
            valid_from + interval '{{ var("finding_recall_minutes") }} minutes' as valid_from,
            valid_to + interval '{{ var("finding_recall_minutes") }} minutes' as valid_to,
            _file,
            _sha256
        from
            (
                select *, last_signal_at as said_at, 'signal_metrics' as stream
                from {{ ref("fct_liveness") }}
                union all
                select *, last_order_at, 'orders_executed'
                from {{ ref("fct_liveness") }}
            ) as told
        where {{ near_clock("valid_from", "valid_to", var("finding_recall_minutes") ~ " minutes") }}
    )
select
    as_of,
    bot,
    stream as subject,
    'warn' as severity,
    ends.valid_from + interval '1 minute' as since,
    format(
        'the executor tells of {} at {}, {} ends at {}',
        case when stream = 'signal_metrics' then 'a signal' else 'an order' end,
        strftime(said_at, '%H:%M:%S'),
        stream,
        strftime(ends.valid_from, '%H:%M')
    ) as reason,
    said_at as last_told_at,
    ends.valid_from as last_logged_at,
    said._file,
    said._sha256
from {{ at_clock("said") }} as said
inner join {{ at_clock("ends") }} as ends using (as_of, bot, stream)
-- a line of the minute in which the log ends stands in it
where said_at > ends.valid_from + interval '2 minutes'
