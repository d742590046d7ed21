-- Means: the bot's own NAV history became much shorter: one bad read makes it start anew, and
-- every peak in it is forgotten.
-- Look at: nav_log.json before and after; fct_nav still holds the history.
-- Do: do not trust the drawdown that the bot publishes from now on; restore nav_log.json from the
-- warehouse while the executor is stopped.
-- Blind to: a history that is cut at its oldest end to keep its size.
{{
    config(
        meta={
            "needs": ["nav_log"],
            "playbook_lines": ["P2-S1", "P2-C1"],
            "explained_by": ["state_file_is_damaged"],
            "proof": "update fct_surface_health set size_bytes = 90 where surface = 'nav_log' and valid_to > (select max(minute) - interval '10 minutes' from fct_pipeline_minutes)",
        }
    )
}}
with
    sizes as (
        select
            *,
            valid_from as occurred_at,
            max(size_bytes) over (
                partition by bot order by valid_from rows between 5 preceding and 1 preceding
            ) as size_before
        from {{ ref("fct_surface_health") }}
        where surface = 'nav_log' and status = 'ok' and {{ within_lookback("valid_from") }}
    )
select
    sizes.as_of,
    sizes.bot,
    'nav_log.json' as subject,
    'crit' as severity,
    min(occurred_at) as since,
    format(
        'the NAV history shrank from {} to {} bytes',
        max_by(size_before, size_before),
        min_by(size_bytes, size_bytes)
    ) as reason,
    max(size_before) as bytes_before,
    min(size_bytes) as bytes_after,
    max(_file) as _file,
    min_by(_sha256, occurred_at) as _sha256
from {{ at_clock("sizes", within=var("event_recall_minutes") ~ " minutes") }} as sizes
where size_bytes < 0.5 * size_before
group by sizes.as_of, sizes.bot
