-- Why a gate dominates: what it saw against the limit it applied. Where NAV was dead,
-- every share of it is too large, and the cap is not the cause.
{{ config(materialized="incremental", meta={"touched": "started_at"}) }}

{% for period in ["hour", "day"] -%}
    select
        bot,
        '{{ period }}' as period,
        date_trunc('{{ period }}', occurred_at) as started_at,
        reason,
        symbol,
        strategy,
        count(*) as refusal_count,
        count(*) filter (where coalesce(nav_usd, 0) <= 0) as dead_nav_count,
        max(limit_unit) as limit_unit,
        median(limit_value) as median_limit_value,
        median(observed_value) as median_observed_value,
        median(requested_usd) as median_requested_usd,
        median(nav_usd) as median_nav_usd,
        min(occurred_at) as first_refused_at,
        max(occurred_at) as last_refused_at
    from {{ ref("int_refusals") }}
    where {{ touched("occurred_at") }}
    group by
        bot,
        date_trunc('{{ period }}', occurred_at),
        reason,
        symbol,
        strategy
        {{ "union all" if not loop.last }}
{% endfor %}
