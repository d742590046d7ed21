{# Start of the unbroken run in which `predicate` has held, per key and instant: (as_of, *keys, since);
   `since_lookback_days` ago at the earliest. #}
{% macro while_true(relation, predicate, key) -%}
    {%- set keys = [key] if key is string else key -%}
    (
        select as_of, {{ keys | join(", ") }}, {{ looked_back("max(run_from)") }} as since
        from {{ runs_of(relation, predicate, keys) }} as runs
        inner join
            {{ clock() }} as clock
            on {{ near_clock("runs.valid_from", "runs.valid_to") }}
            and runs.valid_from <= clock.as_of
            and clock.as_of < runs.valid_to
        group by as_of, {{ keys | join(", ") }}
    )
{%- endmacro %}


{# Runs in which `predicate` held for longer than one loop and which ended while recovery is watched:
   (as_of, *keys, bad_from, bad_until, bad_times) of the last one, and how many there were. #}
{% macro recently_true(relation, predicate, key) -%}
    {%- set keys = [key] if key is string else key -%}
    {%- set back = var("recovery_watch_minutes") ~ " minutes" -%}
    (
        select
            clock.as_of,
            {{ keys | join(", ") }},
            {{ looked_back("max(run_from)") }} as bad_from,
            max(run_until) as bad_until,
            count(*) as bad_times
        from
            (
                select {{ keys | join(", ") }}, run_from, max(valid_to) as run_until
                from {{ runs_of(relation, predicate, keys) }} as held
                group by {{ keys | join(", ") }}, run_from
            ) as runs
        inner join
            {{ clock_back(back) }} as clock
            on {{ near_clock("runs.run_until", "runs.run_until", back) }}
            and runs.run_until <= clock.as_of
            and runs.run_until > clock.earliest
        where run_until > run_from + interval '{{ var("loop_seconds") }} seconds'
        group by clock.as_of, {{ keys | join(", ") }}
    )
{%- endmacro %}


{# Intervals in which `predicate` holds, each with the start of its unbroken run: (*keys, valid_from,
   valid_to, run_from). Intervals of a mart leave no gap, so a run is unbroken while valid_from = the
   valid_to before it. #}
{% macro runs_of(relation, predicate, keys) -%}
    (
        select
            {{ keys | join(", ") }},
            valid_from,
            valid_to,
            max(case when continues then null else valid_from end) over (
                partition by {{ keys | join(", ") }}
                order by valid_from
                rows between unbounded preceding and current row
            ) as run_from
        from
            (
                select
                    *,
                    coalesce(
                        lag(valid_to) over (
                            partition by {{ keys | join(", ") }} order by valid_from
                        )
                        = valid_from,
                        false
                    ) as continues
                from {{ relation }} as facts
                where {{ within_lookback("valid_from", "valid_to") }} and ({{ predicate }})
            ) as held
    )
{%- endmacro %}


{# Whether an interval, or an event, lies within all that a check looks back on. #}
{% macro within_lookback(starts, ends=none) -%}
    {{ near_clock(starts, ends or starts, var("since_lookback_days") ~ " days") }}
{%- endmacro %}


{# Whether a time lies before all that a check looks back on. #}
{% macro before_lookback(column) -%}
    {{ column }}
    <= {{ "/*since*/" }}timestamp '{{ as_of() }}'{{ "/*since*/" }}
    - interval '{{ var("since_lookback_days") }} days'
{%- endmacro %}


{# The start of a run as far as it is looked back on, at the clock: the same from every first instant. #}
{% macro looked_back(run_from) -%}
    greatest({{ run_from }}, as_of - interval '{{ var("since_lookback_days") }} days')
{%- endmacro %}
