{# What each gate compares, from the line of a refusal: `t` its thresholds, `o` its observations, `d` its
   detail, `c` its context; several names of 2025 and of today. A gate that is not here has no numbers. #}
{% macro veto_gates() -%}
    {%- do return(
        [
            {
                "reasons": ["min_notional", "below_min_notional"],
                "unit": "usd",
                "limit": "t.min_notional",
                "observed": "requested_usd",
            },
            {
                "reasons": ["symbol_cap"],
                "unit": "usd",
                "limit": "coalesce(t.symbol_notional_cap, t.max_order_notional, d.max_symbol_exposure_pct * nav_usd / 100)",
                "observed": "requested_usd + coalesce(c.current_gross_notional, d.current_symbol_pct * nav_usd / 100)",
            },
            {
                "reasons": [
                    "max_trade_nav",
                    "trade_gt_max_trade_nav_pct",
                    "max_trade_nav_pct",
                    "trade_gt_10pct_equity",
                ],
                "unit": "ratio",
                "limit": as_fraction(
                    "coalesce(t.max_trade_nav_pct, d.max_trade_nav_pct)"
                ),
                "observed": "requested_usd / nullif(nav_usd, 0)",
            },
            {
                "reasons": ["trade_gt_equity_cap"],
                "unit": "ratio",
                "limit": as_fraction("t.trade_equity_nav_pct"),
                "observed": "requested_usd / nullif(nav_usd, 0)",
            },
            {
                "reasons": ["portfolio_dd_circuit"],
                "unit": "ratio",
                "limit": "t.max_portfolio_dd_nav_pct",
                "observed": "coalesce(o.current_dd_pct, o.portfolio_dd_circuit.current_dd_pct)",
            },
            {
                "reasons": ["nav_drawdown_limit"],
                "unit": "ratio",
                "limit": as_fraction("t.max_nav_drawdown_pct"),
                "observed": "o.drawdown_pct / 100",
            },
            {
                "reasons": ["daily_loss", "daily_loss_limit", "day_loss_limit"],
                "unit": "ratio",
                "limit": as_fraction(
                    "coalesce(t.daily_loss_limit_pct, d.daily_loss_limit_pct)"
                ),
                "observed": "coalesce(t.observed_daily_drawdown_pct, o.daily_loss_pct, d.observed_daily_loss_pct) / 100",
            },
            {
                "reasons": ["nav_stale"],
                "unit": "seconds",
                "limit": "t.nav_freshness_seconds",
                "observed": "o.nav_age_s",
            },
            {
                "reasons": ["max_concurrent", "position_limit", "too_many_positions"],
                "unit": "count",
                "limit": "t.max_concurrent_positions",
                "observed": "c.open_positions_count",
            },
            {
                "reasons": ["trade_rate_limit"],
                "unit": "count",
                "limit": "d.max_trades_per_symbol_per_hour",
                "observed": "d.observed_count",
            },
            {
                "reasons": ["leverage_cap", "leverage_exceeded", "exceeds_leverage_cap"],
                "unit": "ratio",
                "limit": "t.max_leverage",
                "observed": "c.lev",
            },
            {
                "reasons": ["effective_leverage_exceeded"],
                "unit": "ratio",
                "limit": "t.max_effective_leverage",
                "observed": "t.projected_effective_leverage",
            },
            {
                "reasons": ["portfolio_cap", "max_gross_nav_pct"],
                "unit": "ratio",
                "limit": "t.max_gross_exposure_pct",
                "observed": "c.post_trade_exposure_pct",
            },
            {
                "reasons": ["max_position_usd"],
                "unit": "usd",
                "limit": "t.max_position_usd",
                "observed": "t.total_after",
            },
            {
                "reasons": ["correlation_cap"],
                "unit": "ratio",
                "limit": "t.max_group_nav_pct",
                "observed": "o.group_nav_pct_after",
            },
        ]
    ) -%}
{%- endmacro %}


{# One of `unit`, `limit`, `observed` of the gate that a line names; NULL for a gate without numbers. #}
{% macro of_gate(reason, part) -%}
    case
        {%- for gate in veto_gates() %}
            when {{ reason }} in ('{{ gate.reasons | join("', '") }}')
            then {{ "'" ~ gate.unit ~ "'" if part == "unit" else gate[part] }}
        {%- endfor %}
    end
{%- endmacro %}


{# A percentage of the config as the bot reads it: above 1 it is divided by 100. #}
{% macro as_fraction(value) -%}
    {{ return("case when " ~ value ~ " > 1 then " ~ value ~ " / 100 else " ~ value ~ " end") }}
{%- endmacro %}
