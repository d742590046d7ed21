-- Beside each NAV what the bot's two guards could see of it: they compare with the
-- peak, upwards only, and with the NAV before. A move under the smaller of their two
-- limits is invisible to them.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "surface", "occurred_at", "valid_from"],
    )
}}

select
    nav.bot,
    nav.surface,
    nav.shape,
    nav.nav_source,
    nav.nav_usd,
    nav.previous_nav_usd,
    nav.step_usd,
    nav.step_ratio,
    nav.step_robust_z,
    nav.gap_seconds,
    nav.median_nav_usd,
    nav.true_peak_usd,
    nav.true_drawdown_ratio,
    nav.published_peak_usd,
    nav.published_drawdown_ratio,
    least((multiplier.value - 1) * nav.nav_usd, gap.value)
    / nullif(nav.nav_usd, 0) as guard_smallest_step_ratio,
    least(multiplier.value * nav.true_peak_usd, nav.true_peak_usd + gap.value)
    / nullif(nav.nav_usd, 0)
    - 1 as guard_smallest_rise_ratio,
    abs(nav.step_usd)
    > least((multiplier.value - 1) * nav.previous_nav_usd, gap.value) as is_seen_by_step_guard,
    nav.nav_usd > least(
        multiplier.value * nav.true_peak_usd, nav.true_peak_usd + gap.value
    ) as is_seen_by_peak_guard,
    nav.is_real,
    nav.is_outlier,
    nav.occurred_at,
    nav.previous_at,
    nav.observed_at,
    nav.valid_from,
    nav.valid_to,
    nav._file,
    nav._sha256
from {{ ref("int_nav_measured") }} as nav
{% for name, alias in [("nav_guard_multiplier", "multiplier"), ("nav_guard_gap_usd", "gap")] -%}
    left join
        {{ ref("int_limits_in_force") }} as {{ alias }}
        on {{ alias }}.bot = nav.bot
        and {{ alias }}.limit_name = '{{ name }}'
        and {{ alias }}.valid_from <= nav.valid_from
        and nav.valid_from < {{ alias }}.valid_to
{% endfor %}
where {{ lasting("nav") }}
