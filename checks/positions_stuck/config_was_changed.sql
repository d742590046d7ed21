-- Means: a config file changed within the last day. The executor reads its config once, at its
-- start.
-- Look at: dim_config_versions: each changed key, before and now.
-- Do: ask whether the change was intended; restart the executor for it to take effect.
-- Blind to: who changed it; settings from the environment.
{{
    config(
        meta={
            "needs": ["risk_limits", "strategy_config", "runtime"],
            "playbook_lines": ["P1-A1", "P4-A2"],
            "proof": "insert into dim_config_versions (bot, surface, version, changes, changed_count, valid_from, valid_to, _file, _sha256) select bot, surface, 2, '$.cap: 1 -> 2', 1, (select max(minute) - interval '1 hour' from fct_pipeline_minutes), timestamp '9999-12-31', _file, 'ab' from dim_config_versions",
        }
    )
}}
with
    changed as (
        select *, valid_from as occurred_at
        from {{ ref("dim_config_versions") }}
        where changed_count > 0
    )
select
    versions.as_of,
    versions.bot,
    versions._file as subject,
    'info' as severity,
    versions.valid_from as since,
    format(
        '{} settings of {} changed: {}', changed_count, versions._file, left(versions.changes, 200)
    ) as reason,
    versions.version,
    versions.changes,
    versions._file,
    versions._sha256
from {{ at_clock("changed", within="1 day") }} as versions
