-- Recomputed by key from the files; what diagnostics published (one loop behind) stands beside it.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "valid_from"],
    )
}}

with
    changes as (select * from {{ ref("int_exit_versions") }} where {{ lasting() }}),
    -- closes of the last loops before each change: a range of a window, since a range join of two
    -- long tables is quadratic
    steps as (
        select bot, valid_from as stepped_at, null as is_close
        from changes
        union all
        select bot, first_row_at as stepped_at, true as is_close
        from {{ ref("int_orders_collapsed") }}
        where
            (is_closed or (is_reduce_only and is_filled))
            and {{ touched("first_row_at", margin=true) }}
    ),
    closing as (
        select
            bot,
            stepped_at as valid_from,
            is_close,
            count(is_close) over (
                partition by bot
                order by
                    stepped_at
                    range
                    between interval '{{ 3 * var("loop_seconds") - 0.000001 }} seconds' preceding
                    and current row
            ) as closing_count
        from steps
    ),
    compared as (
        select
            versions.*,
            greatest(
                coalesce(lag(counted.open_count) over so_far, 0) - coalesce(counted.open_count, 0),
                0
            ) as vanished_count,
            coalesce(closing.closing_count, 0) as closing_count
        from changes as versions
        left join {{ ref("int_exit_counts") }} as counted using (bot, valid_from)
        left join
            closing
            on closing.bot = versions.bot
            and closing.valid_from = versions.valid_from
            and closing.is_close is null
        window so_far as (partition by versions.bot order by versions.valid_from)
    ),
    -- the files as they were when the scan looked of which diagnostics speak
    scans as (
        select distinct diagnostics.bot, diagnostics.last_exit_scan_at
        from changes
        inner join
            {{ ref("stg_diagnostics") }} as diagnostics
            on diagnostics.bot = changes.bot
            and diagnostics.observed_at = changes.diagnostics_at
        where diagnostics.last_exit_scan_at is not null
    ),
    looked as (
        select bot, last_exit_scan_at, max(seen_at) over so_far as scanned_at, seen_at
        from
            (
                select bot, last_exit_scan_at, null as seen_at
                from scans
                union all
                select bot, valid_from, valid_from
                from {{ ref("int_exit_versions") }}
                where valid_to > (select min(last_exit_scan_at) from scans)
            ) as moments
        window so_far as (partition by bot order by last_exit_scan_at)
    ),
    scanned as (
        select
            looked.bot,
            looked.last_exit_scan_at,
            counted.open_count,
            counted.covered_count,
            counted.missing_tp_sl_count
        from looked
        inner join
            {{ ref("int_exit_counts") }} as counted
            on counted.bot = looked.bot
            and counted.valid_from = looked.scanned_at
        where looked.seen_at is null
    )
select
    versions.bot,
    coalesce(counted.open_count, 0) as open_count,
    coalesce(counted.covered_count, 0) as covered_count,
    coalesce(counted.ledger_count, 0) as ledger_count,
    coalesce(counted.registry_count, 0) as registry_count,
    coalesce(counted.missing_ledger_count, 0) as missing_ledger_count,
    coalesce(counted.ghost_ledger_count, 0) as ghost_ledger_count,
    coalesce(counted.missing_tp_sl_count, 0) as missing_tp_sl_count,
    coalesce(counted.stale_tp_sl_count, 0) as stale_tp_sl_count,
    coalesce(counted.one_sided_count, 0) as one_sided_count,
    coalesce(counted.crossed_stop_count, 0) as crossed_stop_count,
    coalesce(counted.crossed_target_count, 0) as crossed_target_count,
    coalesce(counted.wrong_side_count, 0) as wrong_side_count,
    coalesce(counted.underwater_unprotected_count, 0) as underwater_unprotected_count,
    coalesce(counted.unprotected_usd, 0) as unprotected_usd,
    counted.covered_count / cast(nullif(counted.open_count, 0) as double) as coverage_ratio,
    versions.vanished_count,
    greatest(versions.vanished_count - versions.closing_count, 0) as unexplained_vanished_count,
    counted.unprotected_keys,
    counted.stale_keys,
    diagnostics.open_positions_count as published_open_count,
    diagnostics.tp_sl_registered_count as published_registered_count,
    diagnostics.tp_sl_missing_count as published_missing_count,
    diagnostics.underwater_without_tp_sl_count as published_underwater_count,
    diagnostics.tp_sl_coverage_ratio as published_coverage_ratio,
    diagnostics.is_mismatch as published_is_mismatch,
    coalesce(scanned.open_count, 0) as scanned_open_count,
    coalesce(scanned.covered_count, 0) as scanned_covered_count,
    coalesce(scanned.missing_tp_sl_count, 0) as scanned_missing_count,
    diagnostics.last_exit_scan_at,
    versions.positions_at,
    versions.ledger_at,
    versions.registry_at,
    versions.diagnostics_at,
    versions.valid_from,
    versions.valid_to,
    counted.positions_sha256,
    counted.ledger_sha256 as _sha256
from compared as versions
left join {{ ref("int_exit_counts") }} as counted using (bot, valid_from)
left join
    {{ ref("stg_diagnostics") }} as diagnostics
    on diagnostics.bot = versions.bot
    and diagnostics.observed_at = versions.diagnostics_at
left join
    scanned
    on scanned.bot = versions.bot
    and scanned.last_exit_scan_at = diagnostics.last_exit_scan_at
where versions.positions_at is not null
