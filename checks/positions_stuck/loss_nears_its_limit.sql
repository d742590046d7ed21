-- Means: drawdown or the loss of the day, computed from peak and NAV, has used up most of its
-- limit.
-- Look at: fct_risk_states: drawdown_ratio and daily_loss_ratio beside what the bot publishes.
-- Do: decide now what to close; at the limit the bot refuses every entry.
-- Blind to: a peak that is wrong; see published_drawdown_is_wrong.
{{
    config(
        meta={
            "needs": ["risk_snapshot"],
            "playbook_lines": ["P1-C1"],
            "explained_by": ["risk_halts_trading", "nav_jumped", "published_drawdown_is_wrong"],
            "proof": "update fct_risk_states set daily_loss_ratio = 0.09",
            "also": ["update fct_risk_states set drawdown_ratio = 0.27"],
            "spares": [
                "update fct_risk_states set daily_loss_ratio = 0.05, drawdown_ratio = 0.15"
            ],
        }
    )
}}
with
    used as (
        select
            risk.*,
            greatest(
                coalesce(risk.drawdown_ratio / nullif(drawdown.value, 0), 0),
                coalesce(risk.daily_loss_ratio / nullif(loss.value, 0), 0)
            ) as used_ratio
        from {{ ref("fct_risk_states") }} as risk
        inner join
            {{ limit("max_drawdown_ratio") }} as drawdown
            on drawdown.bot = risk.bot
            and drawdown.valid_from <= risk.valid_from
            and risk.valid_from < drawdown.valid_to
        inner join
            {{ limit("daily_loss_ratio") }} as loss
            on loss.bot = risk.bot
            and loss.valid_from <= risk.valid_from
            and risk.valid_from < loss.valid_to
        where {{ within_lookback("risk.valid_from", "risk.valid_to") }}
    )
select
    used.as_of,
    used.bot,
    'loss' as subject,
    'warn' as severity,
    run.since,
    format(
        '{:.0f} % of the limit used: drawdown {:.2f} %, loss of the day {:.2f} %',
        100 * used_ratio,
        100 * coalesce(drawdown_ratio, 0),
        100 * coalesce(used.daily_loss_ratio, 0)
    ) as reason,
    used_ratio,
    drawdown_ratio,
    used.daily_loss_ratio,
    peak_usd,
    nav_usd,
    _file,
    _sha256
from {{ at_clock("used") }} as used
inner join
    {{ while_true("used", "used_ratio >= " ~ var("loss_used_ratio"), "bot") }} as run using (
        as_of, bot
    )
