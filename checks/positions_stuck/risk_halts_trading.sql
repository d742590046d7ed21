-- Means: the risk engine is halted, or the true drawdown or daily loss has reached its
-- limit. The bot's own risk_mode is not repeated: below 1 % it takes a percentage for a
-- fraction.
-- Look at: risk_snapshot.json, risk_mode_reason; fct_risk_states for what it should have said.
-- Do: read the reason; do not override while a circuit is active. A daily loss limit resets with
-- the day.
-- Blind to: a halt between two snapshots (they are built every two minutes).
{{
    config(
        meta={
            "needs": ["risk_snapshot"],
            "playbook_lines": ["P1-C1"],
            "explained_by": [
                "nav_is_not_live",
                "nav_jumped",
                "published_peak_is_wrong",
                "state_file_is_frozen",
            ],
            "proof": "update fct_risk_states set risk_mode = 'HALTED', risk_mode_reason = 'nav_sources_unavailable', valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
select
    risk.as_of,
    risk.bot,
    'risk mode' as subject,
    'crit' as severity,
    run.since,
    format(
        'risk mode {} ({}); drawdown {:.2f} %, daily loss {:.2f} %',
        risk.risk_mode,
        coalesce(risk.risk_mode_reason, 'no reason given'),
        100 * coalesce(risk.drawdown_ratio, 0),
        100 * coalesce(risk.daily_loss_ratio, 0)
    ) as reason,
    risk.risk_mode,
    risk.published_risk_mode,
    risk.risk_mode_reason,
    risk.drawdown_ratio,
    risk.daily_loss_ratio,
    risk._file,
    risk._sha256
from {{ at_clock(ref("fct_risk_states")) }} as risk
inner join
    {{ while_true(ref("fct_risk_states"), "risk_mode in ('HALTED', 'DEFENSIVE')", "bot") }} as run
    using (as_of, bot)
