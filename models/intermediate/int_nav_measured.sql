-- NAV 0 and a cached NAV are not real NAV: no step starts or ends at one. A point far
-- from the median of those before it is an outlier and never a peak; a level that stays
-- becomes the median.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "surface", "occurred_at", "valid_from"],
    )
}}

{% set columns = "bot, surface, shape, nav_source, nav_usd, peak_usd, drawdown_ratio, occurred_at, observed_at, valid_from, valid_to, _file, _sha256" %}
{% set points = var("nav_step_points") + var("nav_median_points") %}

with
    observed as (select {{ columns }} from {{ ref("int_nav_observations") }} where {{ lasting() }}),
    stepped as (
        select
            {{ columns }},
            coalesce(nav_usd > 0 and nav_source not in ('cache', 'unavailable'), false) as is_real,
            false as is_known,
            cast(null as double) as known_peak_usd
        from observed
        where {{ touched("valid_from") }}
        {% if is_touched_only() %}
            union all
            select
                known.bot,
                known.surface,
                known.shape,
                known.nav_source,
                known.nav_usd,
                known.published_peak_usd,
                known.published_drawdown_ratio,
                known.occurred_at,
                known.observed_at,
                known.valid_from,
                coalesce(observed.valid_to, known.valid_to) as valid_to,
                known._file,
                known._sha256,
                known.is_real,
                true as is_known,
                known.true_peak_usd
            from {{ this }} as known
            inner join
                {{
                    last_rows(
                        this ~ " where valid_from < " ~ since(),
                        ["bot", "surface", "shape", "is_real"],
                        "occurred_at",
                        points,
                    )
                }} as last_points using (bot, surface, shape, is_real)
            left join observed using (bot, surface, occurred_at, valid_from)
            where known.valid_from < {{ since() }} and known.occurred_at >= back_to
        {% endif %}
    ),
    compared as (
        select
            *,
            lag(nav_usd) over steps as previous_nav_usd,
            lag(occurred_at) over steps as previous_at,
            lag(valid_from) over steps as previous_from,
            case
                when is_real
                then (nav_usd - lag(nav_usd) over steps) / nullif(lag(nav_usd) over steps, 0)
            end as step_ratio,
            median(nav_usd) over (
                partition by bot, surface, shape, is_real
                order by
                    occurred_at,
                    valid_from
                    rows between {{ var("nav_median_points") }} preceding and 1 preceding
            ) as median_nav_usd
        from stepped
        window steps as (partition by bot, surface, shape, is_real order by occurred_at, valid_from)
    ),
    judged as (
        select
            *,
            -- a step against the usual size of steps: 1.4826 makes the median of them a deviation
            step_ratio / nullif(
                1.4826 * median(abs(step_ratio)) over (
                    partition by bot, surface, shape, is_real
                    order by
                        occurred_at,
                        valid_from
                        rows between {{ var("nav_step_points") }} preceding and 1 preceding
                ),
                0
            ) as step_robust_z,
            coalesce(
                abs(nav_usd - median_nav_usd) / nullif(median_nav_usd, 0)
                > {{ var("nav_outlier_ratio") }},
                false
            ) as is_outlier
        from compared
    ),
    peaked as (
        select
            *,
            coalesce(
                lag(is_outlier) over (
                    partition by bot, surface, shape, is_real order by occurred_at, valid_from
                ),
                false
            ) as previous_is_outlier,
            max(
                case
                    when is_known then known_peak_usd when is_real and not is_outlier then nav_usd
                end
            ) over (
                partition by bot, surface, shape
                order by occurred_at, valid_from
                rows between unbounded preceding and current row
            ) as true_peak_usd
        from judged
    )
select
    bot,
    surface,
    shape,
    nav_source,
    nav_usd,
    previous_nav_usd,
    case when is_real then nav_usd - previous_nav_usd end as step_usd,
    step_ratio,
    step_robust_z,
    {{ seconds_between("previous_at", "occurred_at") }} as gap_seconds,
    median_nav_usd,
    true_peak_usd,
    case
        when is_real then (true_peak_usd - nav_usd) / nullif(true_peak_usd, 0)
    end as true_drawdown_ratio,
    peak_usd as published_peak_usd,
    drawdown_ratio as published_drawdown_ratio,
    is_real,
    is_outlier,
    previous_is_outlier,
    occurred_at,
    previous_at,
    previous_from,
    observed_at,
    valid_from,
    valid_to,
    _file,
    _sha256
from peaked
