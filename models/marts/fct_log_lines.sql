-- The log's stamps are local and name no zone: the zone is by how many quarters of an
-- hour the newest line of a look differs from the look, or from the file's own time
-- where that look noted it. Lines that print without a stamp happened when they were
-- seen.
{{ config(materialized="incremental", meta={"touched": "observed_at"}) }}

with
    seen as (
        select
            lines.*,
            coalesce(looks.written_at, lines.observed_at) as seen_at,
            coalesce(
                level in ('WARNING', 'ERROR', 'CRITICAL')
                or tag like 'screener%'
                or tag like 'universe%',
                false
            ) as is_kept
        from {{ ref("stg_log_lines") }} as lines
        left join
            {{ ref("stg_observations") }} as looks
            on looks.bot = lines.bot
            and looks.surface = 'exec_log'
            and looks.observed_at = lines.observed_at
            and looks._file = lines._file
        where {{ touched("lines.observed_at") }}
    ),
    zones as (
        select
            bot,
            _load_id,
            floor((min({{ seconds_between("logged_at", "seen_at") }}) + 60) / 900) * 900 as seconds
        from seen
        group by bot, _load_id
    )
select
    lines.bot,
    lines.level,
    lines.tag,
    lines.message,
    lines.attempted_count,
    lines.emitted_count,
    lines.submitted_count,
    coalesce(
        lines.logged_at + zones.seconds * interval '1 second', lines.observed_at
    ) as occurred_at,
    lines.logged_at,
    lines.observed_at,
    lines._file_id,
    lines._file,
    lines._offset
from seen as lines
inner join zones using (bot, _load_id)
where lines.is_kept
