-- Means: a log ends in half a line. Its writer replaces the whole file for each line,
-- so this is no write in progress: the next line will be glued to it and lost.
-- Look at: the last bytes of the file; nothing of the half line has been counted.
-- Do: find who cut it (a full disk, a crash, a second writer) before the executor
-- appends again; never complete the line by hand.
-- Blind to: logs that are appended in place, where half a line is a write in progress.
{{
    config(
        meta={
            "needs": ["risk_vetoes", "orders_attempted", "orders_executed"],
            "playbook_lines": ["P5-S2", "P5-C1"],
            "proof": "update fct_surface_health set status = 'torn', detail = '47 bytes after the last newline' where surface = 'risk_vetoes'",
        }
    )
}}
with
    torn as (
        select
            health.*,
            row_number() over (
                partition by as_of, bot, health.surface order by health.valid_from desc
            ) as nth
        from {{ lately(ref("fct_surface_health")) }} as health
        inner join
            {{ ref("dim_surfaces") }} as surfaces
            on surfaces.surface = health.surface
            and surfaces.kind in ('events', 'text')
        where health.status = 'torn'
    )
select
    as_of,
    bot,
    surface as subject,
    'warn' as severity,
    valid_from as since,
    format(
        '{} ends in half a line: {}{}',
        _file,
        detail,
        case when is_over then ', until ' || strftime(valid_to, '%H:%M:%S') else '' end
    ) as reason,
    try_cast(split_part(detail, ' ', 1) as bigint) as bytes,
    _file as path,
    _file,
    _sha256
from torn
where nth = 1
