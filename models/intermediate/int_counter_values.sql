-- The executor's counters at each publish: the three totals and refusals by reason.
with
    published as (
        select versions.valid_from, diagnostics.*
        from {{ ref("int_state_versions") }} as versions
        inner join
            {{ ref("stg_diagnostics") }} as diagnostics
            on diagnostics.bot = versions.bot
            and diagnostics.observed_at = versions.observed_at
        where versions.surface = 'diagnostics'
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
select bot, counter, reason, value, published_at, valid_from
from totals
where value is not null
