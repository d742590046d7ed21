-- Means: the bot's own NAV guard is not switched on in its config, or a value of it is
-- missing or not above 0, for which the code takes its own without a word.
-- Look at: nav_anomalies in risk_limits.json: enabled, max_multiplier_intraday, max_gap_abs_usd.
-- Do: set the three explicitly, restart the executor; backtest the values first.
-- Blind to: whether the guard is called at all (tests/integration/test_nav_anomaly_guard.py).
{{
    config(
        meta={
            "needs": ["risk_limits"],
            "playbook_lines": ["P2-C2"],
            "explained_by": ["config_was_changed"],
            "proof": "update dim_config_values set raw_text = 'false' where key_path = '$.nav_anomalies.enabled'",
            "also": [
                "update dim_config_values set raw_value = 0 where key_path = '$.nav_anomalies.max_gap_abs_usd'",
                "delete from dim_config_values where key_path like '$.nav_anomalies.%'",
            ],
            "spares": [
                "update dim_config_values set raw_value = 1.1 where key_path = '$.nav_anomalies.max_multiplier_intraday'"
            ],
        }
    )
}}
select
    settings.as_of,
    settings.bot,
    'nav_anomalies' as subject,
    'warn' as severity,
    max(settings.valid_from) as since,
    format(
        'risk_limits.json says of nav_anomalies: {}',
        coalesce(
            string_agg(
                right(key_path, - length('$.nav_anomalies.')) || ' ' || raw_text,
                ', '
                order by key_path
            ) filter (where key_path like '$.nav_anomalies.%'),
            'nothing'
        )
    ) as reason,
    max(settings._file) as _file,
    max(settings._sha256) as _sha256
from {{ at_clock(ref("dim_config_values")) }} as settings
where settings.surface = 'risk_limits'
group by settings.as_of, settings.bot
having
    count(*) filter (where key_path = '$.nav_anomalies.enabled' and lower(raw_text) = 'true') = 0
    or count(*) filter (
        where
            key_path
            in ('$.nav_anomalies.max_multiplier_intraday', '$.nav_anomalies.max_gap_abs_usd')
            and raw_value > 0
    )
    < 2
