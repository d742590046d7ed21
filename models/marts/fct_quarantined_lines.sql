-- Rows and damage of a file, in the order of its bytes, are its lines: blank ones have neither.
with
    lines as (
        {% for lines in [
            "attempts",
            "heartbeats",
            "log_lines",
            "nav_points",
            "order_events",
            "order_metrics",
            "position_changes",
            "quarantined_lines",
            "signals",
            "veto_lines",
        ] -%}
            select _file_id, _offset, _load_id
            from {{ ref("stg_" ~ lines) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    numbered as (
        select
            _file_id,
            _offset,
            _load_id,
            row_number() over (partition by _file_id order by _offset, _load_id) as line_number,
            count(*) over (partition by _file_id order by _load_id) as line_count
        from lines
        where _file_id in (select _file_id from {{ ref("stg_quarantined_lines") }})
    )
select
    bot,
    stream,
    reason,
    length_bytes,
    line_number,
    line_count,
    observed_at as occurred_at,
    observed_at,
    _file_id,
    _file,
    _offset,
    _sha256
from {{ ref("stg_quarantined_lines") }}
left join numbered using (_file_id, _offset, _load_id)
