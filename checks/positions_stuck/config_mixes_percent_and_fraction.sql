-- Means: in one config file some `_pct` values are above 1, which the bot divides by 100 when it
-- loads them, and others are fractions: one of them is probably not what was meant.
-- Look at: dim_config_values: raw_value against effective_value.
-- Do: confirm what each value is meant to be; write all of them as fractions; restart the executor.
-- Blind to: a percentage below 1; the gross exposure, which is a ratio and may be above 1.
{{
    config(
        meta={
            "needs": ["risk_limits"],
            "playbook_lines": ["P1-A1", "P4-A2"],
            "explained_by": ["config_was_changed"],
            "proof": "update dim_config_values set raw_value = 10 where key_path = '$.circuit_breakers.max_portfolio_dd_nav_pct'",
            "spares": [
                "update dim_config_values set raw_value = 10 where key_path like '%\\_pct' escape '\\'"
            ],
        }
    )
}}
select
    settings.as_of,
    settings.bot,
    settings._file as subject,
    'warn' as severity,
    max(settings.valid_from) as since,
    format(
        'divided by 100 when loaded: {}, beside {} fractions',
        string_agg(right(key_path, -2) || ' ' || raw_value, ', ' order by key_path) filter (
            where raw_value > 1
        ),
        count(*) filter (where raw_value <= 1)
    ) as reason,
    count(*) filter (where raw_value > 1) as percentages,
    count(*) filter (where raw_value <= 1) as fractions,
    settings._file,
    max(settings._sha256) as _sha256
from {{ at_clock(ref("dim_config_values")) }} as settings
where
    settings.surface = 'risk_limits'
    and right(key_path, 4) = '_pct'
    and key_path not like '%gross%'
    and raw_value > 0
group by settings.as_of, settings.bot, settings._file
having count(*) filter (where raw_value > 1) > 0 and count(*) filter (where raw_value <= 1) > 0
