-- Runs at which a check fired or could not be judged, with the quiet after each: a run
-- without a row was quiet. Sparse, since most runs of most checks are quiet.
with
    runs as (
        select
            _file_id,
            _offset,
            judged_at,
            is_late,
            row_number() over (order by judged_at, _file_id, _offset) as run_number,
            lead(judged_at) over (order by judged_at, _file_id, _offset) as next_run_at,
            max(judged_at) over () as last_run_at
        from {{ ref("stg_watch_verdicts") }}
    ),
    fired as (
        select
            bot,
            check_name,
            _file_id,
            _offset,
            max(playbook) as playbook,
            bool_or(severity = 'crit') as is_crit,
            min(since_at) as since_at,
            min(reason) as reason,
            max(for_seconds) as for_seconds,
            max(clear_seconds) as clear_seconds
        from {{ ref("stg_watch_findings") }}
        where severity in ('crit', 'warn')
        group by bot, check_name, _file_id, _offset
    ),
    seen as (
        select *, true as has_fired
        from fired
        union all
        select distinct
            pairs.bot,
            pairs.check_name,
            doubts._file_id,
            doubts._offset,
            cast(null as varchar) as playbook,
            cast(null as boolean) as is_crit,
            cast(null as timestamp) as since_at,
            cast(null as varchar) as reason,
            cast(null as double) as for_seconds,
            cast(null as double) as clear_seconds,
            false as has_fired
        from {{ ref("stg_watch_doubts") }} as doubts
        inner join
            (select distinct bot, check_name from fired) as pairs
            on coalesce(doubts.bot, pairs.bot, '') = coalesce(pairs.bot, '')
            and coalesce(doubts.check_name, pairs.check_name) = pairs.check_name
        left join
            fired
            on fired.check_name = pairs.check_name
            and fired._file_id = doubts._file_id
            and fired._offset = doubts._offset
            and coalesce(fired.bot, '') = coalesce(pairs.bot, '')
        where fired.check_name is null
    ),
    followed as (
        select
            seen.*,
            runs.judged_at,
            runs.is_late,
            runs.run_number,
            runs.next_run_at,
            runs.last_run_at,
            lead(runs.run_number) over pair as next_seen_number,
            lead(runs.judged_at) over pair as next_seen_at
        from seen
        inner join runs on runs._file_id = seen._file_id and runs._offset = seen._offset
        window pair as (partition by seen.bot, seen.check_name order by runs.run_number)
    )
select
    bot,
    check_name,
    playbook,
    has_fired,
    is_crit,
    is_late,
    reason,
    for_seconds,
    clear_seconds,
    since_at,
    judged_at,
    case when is_followed_by_quiet then next_run_at end as quiet_from,
    case
        when is_followed_by_quiet
        then {{ seconds_between("next_run_at", "coalesce(next_seen_at, last_run_at)") }}
        else 0
    end as quiet_seconds,
    run_number
from
    (
        select
            *,
            next_run_at is not null
            and coalesce(next_seen_number, run_number + 2) > run_number + 1 as is_followed_by_quiet
        from followed
    ) as judged
