-- Means: a state file is empty, torn, not JSON, gone, unreadable, or lacks what its readers
-- require.
-- Look at: `python -m json.tool` on the file; raw.quarantine holds the bytes as they were.
-- Do: move corrupted copies away and let the executor republish; never edit state in
-- place; if keys are missing, add them in publisher and loader, extend the schema test,
-- run `make test`.
-- Blind to: damage that was overwritten between two looks.
{{
    config(
        meta={
            "needs": [
                "diagnostics",
                "positions_state",
                "positions_ledger",
                "nav",
                "risk_snapshot",
                "engine_metadata",
            ],
            "playbook_lines": ["P5-S1", "P5-S2", "P5-S3", "P5-C1", "P5-C3", "P5-A1", "P5-A3"],
            "proof": "update fct_surface_health set status = 'torn', detail = 'Unterminated string at byte 537' where surface = 'diagnostics'",
        }
    )
}}
with
    damaged as (
        select
            health.*,
            -- of keys that go by several names the first is told
            array_to_string(
                list_transform(missing_keys, lambda key:split_part(key, '|', 1)), ', '
            ) as missing,
            array_to_string(nonfinite_keys, ', ') as keys,
            row_number() over (partition by as_of, bot, surface order by valid_from desc) as nth
        from {{ lately(ref("fct_surface_health")) }} as health
        inner join {{ ref("dim_surfaces") }} as surfaces using (surface)
        where
            status = 'denied'
            or (
                kind not in ('events', 'text')
                and (
                    status in ('empty', 'torn', 'invalid', 'oversize', 'incomplete', 'nonfinite')
                    or (status = 'missing' and last_good_at < valid_from)
                )
            )
    )
select
    as_of,
    bot,
    surface as subject,
    case when is_over then 'warn' else 'crit' end as severity,
    valid_from as since,
    format(
        '{} is {}{}{}',
        _file,
        status,
        coalesce(
            ': ' || nullif(coalesce(missing, '') || coalesce(keys, ''), ''), ': ' || detail, ''
        ),
        case when is_over then ', healed at ' || strftime(valid_to, '%H:%M:%S') else '' end
    ) as reason,
    status,
    size_bytes as bytes,
    detail,
    missing,
    keys,
    last_good_at,
    _file as path,
    _file,
    _sha256
from damaged
where nth = 1
