-- The producer reads a percentage of at most 1 as a fraction; risk mode and drawdown are computed
-- again from peak and NAV, and stand beside what was published.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "valid_from"],
    )
}}

with
    computed as (
        select
            snapshots.*,
            versions.valid_from,
            versions.valid_to,
            (peak_usd - nav_usd) / nullif(peak_usd, 0) as drawdown_ratio,
            (daily_peak_usd - daily_nav_usd) / nullif(daily_peak_usd, 0) as daily_loss_ratio
        from {{ ref("int_state_versions") }} as versions
        inner join
            {{ ref("stg_risk_snapshots") }} as snapshots
            on snapshots.bot = versions.bot
            and snapshots.observed_at = versions.observed_at
        where {{ lasting("versions") }} and versions.surface = 'risk_snapshot'
    )
select
    computed.bot,
    computed.risk_mode as published_risk_mode,
    computed.risk_mode_reason,
    case
        when computed.risk_mode = 'HALTED'
        then 'HALTED'
        when drawdown_ratio >= max_drawdown.value or daily_loss_ratio >= daily_loss.value
        then 'DEFENSIVE'
        when computed.risk_mode = 'WARN'
        then 'WARN'
        else 'OK'
    end as risk_mode,
    computed.dd_state as published_dd_state,
    case
        when drawdown_ratio >= max_drawdown.value
        then 'defensive'
        when drawdown_ratio >= alert.value
        then 'cautious'
        when drawdown_ratio is not null
        then 'normal'
        else 'unknown'
    end as dd_state,
    computed.published_dd_frac,
    computed.published_daily_loss_frac,
    computed.portfolio_dd_ratio as published_portfolio_dd_ratio,
    computed.drawdown_ratio,
    computed.daily_loss_ratio,
    computed.peak_usd,
    computed.nav_usd,
    computed.circuit_limit_ratio,
    computed.is_circuit_active as published_is_circuit_active,
    computed.published_at,
    computed.valid_from,
    computed.valid_to,
    computed._file,
    computed._sha256
from computed
{% for name, alias in [
        ("max_drawdown_ratio", "max_drawdown"),
        ("daily_loss_ratio", "daily_loss"),
        ("drawdown_alert_ratio", "alert"),
    ] -%}
    left join
        {{ ref("int_limits_in_force") }} as {{ alias }}
        on {{ alias }}.bot = computed.bot
        and {{ alias }}.limit_name = '{{ name }}'
        and {{ alias }}.valid_from <= computed.valid_from
        and computed.valid_from < {{ alias }}.valid_to
{% endfor %}
