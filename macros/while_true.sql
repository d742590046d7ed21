{# Start of the unbroken run in which `predicate` has held, per key and instant: (as_of, *keys, since).
   Intervals of a mart leave no gap, so a run is unbroken while valid_from = the valid_to before it.
   Looks back `since_lookback_days` at most: a literal bound lets the scan skip a year. #}
{% macro while_true(relation, predicate, key) -%}
    {%- set keys = [key] if key is string else key -%}
    (
        select as_of, {{ keys | join(", ") }}, max(run_from) as since
        from
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
                        where {{ predicate }}
                    ) as held
            ) as runs
        inner join
            {{ clock() }} as clock on runs.valid_from <= clock.as_of and clock.as_of < runs.valid_to
        group by as_of, {{ keys | join(", ") }}
    )
{%- endmacro %}
