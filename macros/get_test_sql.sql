{# A check's findings, the excepted ones as `info`, and, where a need is unmet and nothing was found, an
   `unknown` row. The same text serves `dbt test` and, through analyses/verdict.sql, `watchhouse check`
   and the backtest. #}
{% macro with_unknowns(check_sql, needs, name, is_on_silence) -%}
    with
        findings as ({{ check_sql }}),
        looked as (
            select as_of, bot, surface, status, is_usable, valid_from, reason
            from {{ at_clock(ref("fct_surface_health")) }} as health
        ),
        unmet as (
            select
                bots.as_of,
                bots.bot,
                needed.surface as subject,
                looked.valid_from as since,
                coalesce(
                    looked.reason, needed.surface || ' had not been looked at by then'
                ) as reason
            from (select distinct as_of, bot from looked) as bots
            cross join (select unnest([{{ needs }}]) as surface) as needed
            left join
                looked
                on looked.as_of = bots.as_of
                and looked.bot = bots.bot
                and looked.surface = needed.surface
            where
                needed.surface not in ('-', '')
                and not coalesce(looked.is_usable, false)
                and coalesce(looked.status, '') <> 'not configured'
        ),
        unread as (
            select as_of
            from {{ clock() }} as clock
            where not exists (select 1 from looked where looked.as_of = clock.as_of)
        )
    select *
    from {{ not_excepted("findings", name, is_on_silence) }}
    union all by name
    select as_of, bot, subject, 'unknown' as severity, since, reason
    from unmet
    where
        not exists (
            select 1
            from findings
            where
                findings.as_of = unmet.as_of
                and findings.bot = unmet.bot
                and findings.severity in ('crit', 'warn')
        )
    union all by name
    select
        as_of,
        null as bot,
        null as subject,
        'unknown' as severity,
        null as since,
        'no bot had been read by then' as reason
    from unread
{%- endmacro %}


{# Checks get their unknown rows here; every other test is dbt's own. #}
{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {%- if is_check(model) -%} {%- set main_sql = verdict_of(model, main_sql) -%} {%- endif -%}
    {{ return(dbt.default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit)) }}
{%- endmacro %}


{# A check's text with its needs, exceptions and planned quiet, as its meta has them. #}
{% macro verdict_of(node, check_sql) -%}
    {%- set needs = quoted(node.config.meta.get("needs", [])) -%}
    {{ return(with_unknowns(check_sql, needs, quoted([node.name]), is_on_silence(node))) }}
{%- endmacro %}


{# A check is a singular test: a file of its own under checks/. #}
{% macro is_check(node) -%}
    {{ return(node.resource_type == "test" and not node.test_metadata) }}
{%- endmacro %}


{# Whether a check's fault is that nothing happens, as SQL. #}
{% macro is_on_silence(node) -%}
    {{ return(node.config.meta.get("on_silence", false) | string | lower) }}
{%- endmacro %}


{# ['a', 'b'] as 'a', 'b'; an empty list as a name that no surface has. #}
{% macro quoted(names) -%} {{ return("'" ~ (names or ["-"]) | join("', '") ~ "'") }} {%- endmacro %}
