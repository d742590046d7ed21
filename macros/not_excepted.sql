{# A check's findings; those that a seed excepts or expects say so and count as `info`. The one place
   where exceptions apply: no check has to think of them. #}
{% macro not_excepted(findings, name, is_on_silence) -%}
    (
        select
            {{ findings }}.* replace (
                case when pardons.because is null then severity else 'info' end as severity,
                case
                    when pardons.because is null
                    then reason
                    else format('{} (excepted: {})', reason, pardons.because)
                end as reason
            )
        from {{ findings }}
        left join
            {{ pardons(findings, name, is_on_silence) }} as pardons using (as_of, bot, subject)
    )
{%- endmacro %}


{# Why a finding is excepted, once per (as_of, bot, subject): by seeds/check_exceptions.csv while its
   `until` lies ahead, or, for checks on silence, by seeds/expected_quiet.csv. #}
{% macro pardons(findings, name, is_on_silence) -%}
    (
        select {{ findings }}.as_of, bot, subject, max(pardon.because) as because
        from {{ findings }}
        inner join
            (
                select
                    null as of_bot,
                    subject as of_subject,
                    timestamp '1970-01-01' as valid_from,
                    "until" as valid_to,
                    because
                from {{ ref("check_exceptions") }}
                where "check" = {{ name }}
                union all
                select bot, null, "from", "until", because
                from {{ ref("expected_quiet") }}
                where {{ is_on_silence }}
            ) as pardon
            on coalesce(of_bot, bot) is not distinct from bot
            and coalesce(of_subject, subject) is not distinct from subject
            and pardon.valid_from <= {{ findings }}.as_of
            and {{ findings }}.as_of < pardon.valid_to
        group by {{ findings }}.as_of, bot, subject
    )
{%- endmacro %}


{# Names of the checks whose fault is that nothing happens: `on_silence: true` in their meta. #}
{% macro checks_on_silence() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == "test" -%}
            {%- if node.config.meta.get("on_silence") -%}
                {%- do found.append(node.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found | sort) }}
{%- endmacro %}


{# What every verdict reads beside the check itself; each check depends on it, so that a ref in
   get_test_sql is known to dbt. #}
{% macro verdict_refs() -%}
    {%- do ref("fct_surface_health") -%}
    {%- do ref("check_exceptions") -%}
    {%- do ref("expected_quiet") -%}
{%- endmacro %}
