-- Means: a key holds another type of value than ever before: readers that expect the old one fail
-- or read nothing.
-- Look at: fct_schema_changes; the file's newest version.
-- Do: add the field in publisher and loader, extend the schema test, run `make test`.
-- Blind to: keys that are gone (state_file_is_damaged names required ones) and values that are
-- null.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "nav", "risk_snapshot"],
            "playbook_lines": ["P5-S3", "P5-A3"],
            "explained_by": ["state_file_is_damaged"],
            "proof": "insert into fct_schema_changes (bot, stream, key_path, change, old_type, new_type, stream_age_seconds, occurred_at, observed_at) select bot, 'nav', 'nav', 'retyped', 'number', 'string', 90000, max(minute), max(minute) from fct_pipeline_minutes group by bot",
        }
    )
}}
select
    changes.as_of,
    changes.bot,
    changes.stream as subject,
    -- logs mix types by design: only a state file has readers that break
    case when surfaces.kind = 'snapshot' then 'warn' else 'info' end as severity,
    min(changes.occurred_at) as since,
    format(
        '{} keys of {} changed their type: {}',
        count(*),
        changes.stream,
        left(
            string_agg(
                format('{} from {} to {}', key_path, old_type, new_type), ', ' order by key_path
            ),
            200
        )
    ) as reason,
    count(*) as keys,
    surfaces.path as _file,
    cast(null as varchar) as _sha256
from
    {{ at_clock(ref("fct_schema_changes"), within=var("event_recall_minutes") ~ " minutes") }}
    as changes
inner join {{ ref("dim_surfaces") }} as surfaces on surfaces.surface = changes.stream
where change = 'retyped' and stream_age_seconds > 600
group by changes.as_of, changes.bot, changes.stream, surfaces.path, surfaces.kind
