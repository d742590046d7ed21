-- The executor's counters at each publish: the three totals and refusals by reason.
{{ config(materialized="incremental", meta={"touched": "valid_from"}) }}

with
    published as (
        select versions.valid_from, diagnostics.*
        from {{ ref("int_state_versions") }} as versions
        inner join
            {{ ref("stg_diagnostics") }} as diagnostics
            on diagnostics.bot = versions.bot
            and diagnostics.observed_at = versions.observed_at
        where versions.surface = 'diagnostics' and {{ touched("versions.valid_from") }}
    ),
    lives as (
        select published.bot, published.valid_from, max(lives.run_id) as run_id
        from published
        inner join
            {{ ref("int_executor_lives") }} as lives
            on {{ same("lives.bot", "published.bot") }}
            and lives.valid_from <= published.published_at
            and published.published_at < lives.valid_to
        group by published.bot, published.valid_from
    ),
    totals as (
        {% for counter in ["signals", "orders", "vetoes"] -%}
            select
                bot,
                'total_{{ counter }}' as counter,
                'all' as reason,
                total_{{ counter }}_count as value,
                published_at,
                valid_from
            from published
            union all
        {% endfor -%}
        select
            bot,
            'by_reason' as counter,
            key as reason,
            try_cast(json_extract_string(value, '$') as bigint) as value,
            published_at,
            valid_from
        from {{ unnest_json_object("published", "vetoes_by_reason") }}
    )
select bot, counter, reason, lives.run_id, value, published_at, valid_from
from totals
left join lives using (bot, valid_from)
where value is not null
