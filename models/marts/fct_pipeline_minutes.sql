-- Every minute in which the bot was looked at, with what passed each stage and how long
-- each stage had been idle at its end: since the later of its last event and the start
-- of the process.
{{ config(materialized="incremental", meta={"touched": "minute"}) }}

{% set stages = ["signal", "attempt", "refusal", "ack", "fill", "close"] %}

with
    {% if is_touched_only() %}
        last_minutes as (
            select known.*
            from {{ this }} as known
            inner join
                (
                    select bot, max(minute) as minute
                    from {{ this }}
                    where minute < {{ since() }}
                    group by bot
                ) as lasts using (bot, minute)
        ),
    {% endif %}
    spans as (
        select
            bot,
            date_trunc('minute', greatest(valid_from, {{ since() }})) as first_minute,
            date_trunc('minute', last_polled_at) as last_minute
        from {{ ref("int_watch_spans") }}
        where is_watched and {{ touched("last_polled_at") }}
    ),
    minutes as (
        select distinct
            bot, unnest(generate_series(first_minute, last_minute, interval '1 minute')) as minute
        from spans
    ),
    counted as (
        select
            bot,
            date_trunc('minute', occurred_at) as minute,
            count(*) filter (where stage = 'error') as error_count,
            {% for stage in stages -%}
                count(*) filter (where stage = '{{ stage }}') as {{ stage }}_count,
                max(
                    case when stage = '{{ stage }}' then occurred_at end
                ) as last_{{ stage }}_at{{ "," if not loop.last }}
            {% endfor %}
        from {{ ref("int_pipeline_events") }}
        where {{ touched("occurred_at") }}
        group by bot, date_trunc('minute', occurred_at)
        {% if is_touched_only() %}
            -- how long each stage had been idle says when it last was not
            union all
            select
                bot,
                minute,
                error_count,
                {% for stage in stages -%}
                    {{ stage }}_count,
                    minute
                    + interval '1 minute'
                    - to_microseconds(
                        cast(round({{ stage }}_idle_seconds * 1000000) as bigint)
                    ){{ "," if not loop.last }}
                {% endfor %}
            from last_minutes
        {% endif %}
    ),
    starts as (
        select bot, date_trunc('minute', started_at) as minute, max(started_at) as started_at
        from {{ ref("int_executor_lives") }}
        where {{ touched("started_at") }}
        group by bot, date_trunc('minute', started_at)
        {% if is_touched_only() %}
            union all
            select bot, minute, process_started_at
            from last_minutes
        {% endif %}
    ),
    spine as (
        select bot, minute
        from minutes
        union
        select bot, minute
        from counted
        union
        select bot, minute
        from starts
    ),
    lasted as (
        select
            spine.bot,
            spine.minute,
            minutes.minute is not null as is_watched,
            coalesce(counted.error_count, 0) as error_count,
            {% for stage in stages -%}
                coalesce(counted.{{ stage }}_count, 0) as {{ stage }}_count,
                max(counted.last_{{ stage }}_at) over so_far as last_{{ stage }}_at,
            {% endfor -%}
            max(starts.started_at) over so_far as process_started_at
        from spine
        left join minutes using (bot, minute)
        left join counted using (bot, minute)
        left join starts using (bot, minute)
        window
            so_far as (
                partition by spine.bot
                order by spine.minute
                rows between unbounded preceding and current row
            )
    )
select
    bot,
    minute,
    {% for stage in stages -%} {{ stage }}_count, {% endfor -%}
    error_count,
    {% for stage in stages -%}
        {{
            seconds_between(
                "greatest(coalesce(last_"
                ~ stage
                ~ "_at, process_started_at), process_started_at)",
                "minute + interval '1 minute'",
            )
        }} as {{ stage }}_idle_seconds,
    {% endfor -%}
    is_watched,
    process_started_at,
    minute as occurred_at
from lasted
