-- The bot counts what its risk code emits, and never what its executor refuses; three early guards
-- count and let pass. A counter is read at its next publish, so a count may stand in the hour
-- after.
{{ config(materialized="incremental", meta={"touched": "hour"}) }}

with
    counted as (
        select
            bot,
            date_trunc('hour', occurred_at) as hour,
            reason,
            sum(increment) as counted_count,
            bool_or(is_reset) as has_restart
        from {{ ref("int_counter_increments") }}
        where counter = 'by_reason' and {{ touched("occurred_at", margin=true) }}
        group by bot, date_trunc('hour', occurred_at), reason
    ),
    logged as (
        select
            lines.bot,
            date_trunc('hour', lines.occurred_at) as hour,
            coalesce(reasons.reason, lines.raw_reason) as reason,
            count(*) filter (where line_kind = 'L') as risk_line_count,
            count(*) filter (where line_kind = 'X') as executor_line_count
        from {{ ref("int_refusals_grouped") }} as lines
        left join {{ ref("veto_reasons") }} as reasons on reasons.raw_reason = lines.raw_reason
        where {{ touched("lines.occurred_at", margin=true) }}
        group by
            lines.bot,
            date_trunc('hour', lines.occurred_at),
            coalesce(reasons.reason, lines.raw_reason)
    ),
    refused as (
        select bot, date_trunc('hour', occurred_at) as hour, reason, count(*) as refusal_count
        from {{ ref("int_refusals") }}
        where {{ touched("occurred_at", margin=true) }}
        group by bot, date_trunc('hour', occurred_at), reason
    ),
    compared as (
        select
            bot,
            hour,
            reason,
            coalesce(counted_count, 0) as counted_count,
            coalesce(risk_line_count, 0) as risk_line_count,
            coalesce(executor_line_count, 0) as executor_line_count,
            coalesce(refusal_count, 0) as refusal_count,
            coalesce(has_restart, false) as has_restart,
            coalesce(counted_count, 0) - coalesce(risk_line_count, 0) as difference_count
        from counted
        full outer join logged using (bot, hour, reason)
        full outer join refused using (bot, hour, reason)
        where coalesce(counted_count, 0) > 0 or risk_line_count > 0 or executor_line_count > 0
    )
select
    bot,
    hour,
    reason,
    cast(counted_count as bigint) as counted_count,
    risk_line_count,
    executor_line_count,
    refusal_count,
    cast(difference_count as bigint) as difference_count,
    case
        when difference_count = 0 and risk_line_count = 0 and executor_line_count > 0
        then 'refused by the executor, which does not count'
        when difference_count = 0
        then null
        when reason in ('restricted_symbol', 'non_prod_env_guard', 'symbol_not_in_universe')
        then 'counted, let pass and not logged'
        when sum(difference_count) over around = 0
        then 'published in the hour after'
        when has_restart
        then 'restart: counts since the last publish are gone'
        when difference_count > 0
        then 'lines are missing'
        else 'counts were not read'
    end as likely_cause,
    hour as occurred_at
from compared
window
    around as (
        partition by bot, reason
        order by hour range between interval '1 hour' preceding and interval '1 hour' following
    )
