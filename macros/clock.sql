{# The instant that a check judges: now (one for all checks of a run), or the var `as_of`, in UTC. #}
{% macro as_of() -%}
    {%- set given = var("as_of") -%}
    {%- set two = "[0-9][0-9]" -%}
    {%- set zone = " ?(Z|[+-]" ~ two ~ ":?" ~ two ~ ")" -%}
    {%- set time = "[T ]" ~ two ~ ":" ~ two ~ "(:" ~ two ~ "([.][0-9]{1,6})?)?" -%}
    {%- set stamp = "^" ~ two ~ two ~ "-" ~ two ~ "-" ~ two ~ "(" ~ time ~ "(" ~ zone ~ ")?)?$" -%}
    {%- if not given -%} {%- set at = run_started_at -%}
    {%- elif modules.re.match(stamp, given | string) -%}
        {%- set text = given | string | replace(" +", "+") | replace(" Z", "Z") -%}
        {%- set at = modules.datetime.datetime.fromisoformat(text) -%}
    {%- else -%}
        {%- do exceptions.raise_compiler_error(
            "as_of is not a time: "
            ~ given
            ~ "\nhint: --vars 'as_of: \"2026-03-10T07:30:00Z\"'"
        ) -%}
    {%- endif -%}
    {%- if at.tzinfo -%} {%- set at = at.astimezone(modules.pytz.utc) -%} {%- endif -%}
    {{ at.strftime("%Y-%m-%d %H:%M:%S.%f") }}
{%- endmacro %}


{# One row, `as_of`. The mark lets the fast path and the backtest put a table of instants in its place. #}
{% macro clock() -%}
    {#- every check depends on what get_test_sql adds around it: said once, while dbt parses -#}
    {%- if not execute -%} {%- do verdict_refs() -%} {%- endif -%}
    {#- as expressions: the formatter would move the marks -#}
    {{ "/*clock*/" }} (select timestamp '{{ as_of() }}' as as_of){{ "/*clock*/" }}
{%- endmacro %}


{# The clock, each instant with the one that lies `interval` before it. A column: of a difference in the
   condition of a join DuckDB makes a filter after it, and pairs every instant with all that was before. #}
{% macro clock_back(interval) -%}
    (select as_of, as_of - interval '{{ interval }}' as earliest from {{ clock() }} as instants)
{%- endmacro %}


{# Whether what begins and ends at these times reaches into the clock's instants, or the `back` before the
   first of them: true of whatever one of them needs. Literals, for which whole row groups are left out and
   little is left to a join of times; the marks let the backtest put its first and last instant there. #}
{% macro near_clock(starts, ends, back=none) -%}
    {%- set at = "timestamp '" ~ as_of() ~ "'" -%}
    {{ ends }} > {{ "/*since*/" ~ at ~ "/*since*/" }}
    {%- if back %} - interval '{{ back }}'{% endif %}
    and {{ starts }} <= {{ "/*until*/" ~ at ~ "/*until*/" }}
{%- endmacro %}


{# A relation's rows at the clock: intervals that hold at `as_of`, or events of (as_of - within, as_of].
   The state of a mart stands between marks: what several checks read there is read once for all of them
   (watchhouse/shared.py). #}
{% macro at_clock(relation, within=none) -%}
    {%- set is_state = not within and (relation is not string or "/*limits*/" in relation) -%}
    {%- set mark = "/*shared*/" if is_state else "" -%}
    (
        {{ mark }}
        select facts.*, clock.as_of
        from {{ relation }} as facts
        inner join
            {{ clock_back(within) if within else clock() }} as clock
            on {% if within -%}
                {{ near_clock("facts.occurred_at", "facts.occurred_at", within) }}
                and facts.occurred_at > clock.earliest
                and facts.occurred_at <= clock.as_of
            {%- else -%}
                {{ near_clock("facts.valid_from", "facts.valid_to") }}
                and facts.valid_from <= clock.as_of
                and clock.as_of < facts.valid_to
            {%- endif %}
            {{ mark }}
    )
{%- endmacro %}


{# Rows of intervals that held at some moment of (as_of - recall, as_of], so that a fault of one look
   between two instants is not missed. `is_over` says that it no longer holds at `as_of`. #}
{% macro lately(relation, minutes=none) -%}
    {%- set back = (minutes or var("finding_recall_minutes")) ~ " minutes" -%}
    (
        select facts.*, clock.as_of, facts.valid_to <= clock.as_of as is_over
        from {{ relation }} as facts
        inner join
            {{ clock_back(back) }} as clock
            on {{ near_clock("facts.valid_from", "facts.valid_to", back) }}
            and facts.valid_from <= clock.as_of
            and facts.valid_to > clock.earliest
    )
{%- endmacro %}
