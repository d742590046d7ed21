-- Means: a state file's own timestamp went back: an older copy was written over a newer one.
-- Look at: the file's updated_ts against the versions before; who else writes to logs/state.
-- Do: find the second writer; if sync_state overwrites canonical files, restrict it to
-- mirrors and keep the executor as the only writer.
-- Blind to: a second writer that copies the content of now.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "positions_ledger", "nav"],
            "playbook_lines": ["P5-C2", "P5-A2"],
            "explained_by": ["two_executors_run"],
            "proof": "update fct_surface_health set status = 'went_back', seconds_back = 960, published_at = timestamp '2020-01-01' where surface = 'positions_state'",
        }
    )
}}
with
    backwards as (
        select
            *, row_number() over (partition by as_of, bot, surface order by valid_from desc) as nth
        from {{ lately(ref("fct_surface_health")) }} as health
        where status = 'went_back'
    )
select
    as_of,
    bot,
    surface as subject,
    case when is_over then 'warn' else 'crit' end as severity,
    valid_from as since,
    format(
        '{} went back by {:.0f} s to {}{}',
        _file,
        seconds_back,
        strftime(published_at, '%Y-%m-%d %H:%M:%S'),
        case when is_over then ', healed at ' || strftime(valid_to, '%H:%M:%S') else '' end
    ) as reason,
    seconds_back,
    published_at as file_ts,
    {{ seconds_between("timestamp '1970-01-01'", "published_at") }} as file_ts_epoch,
    _file as path,
    _file,
    _sha256
from backwards
where nth = 1
