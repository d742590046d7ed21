-- Each limit as it was in force: the bot's config from the look that saw it, the project's var
-- before. A limit on the bot's loop is never under so many of its real loops: slow is not dead.
with
    bots as (select bot, min(first_at) as first_at from {{ ref("stg_bots") }} group by bot),
    configured as (
        select bot, limit_name, raw_value, surface, observed_at as valid_from
        from {{ ref("stg_config_values") }}
        where raw_value is not null
    ),
    paces as (
        select bot, loop_seconds
        from
            (
                select *, row_number() over (partition by bot order by day desc) as nth_from_last
                from {{ ref("int_loops_measured") }}
            ) as days
        where nth_from_last = 1
    ),
    starts as (
        select
            bot,
            limit_name,
            raw_value,
            -- the bot divides a percentage above 1 at load
            case
                when limit_name like '%_ratio' then {{ as_fraction("raw_value") }} else raw_value
            end as value,
            surface as source,
            valid_from
        from configured
        union all
        select
            bots.bot,
            defaults.limit_name,
            defaults.value as raw_value,
            greatest(defaults.value, defaults.loops * paces.loop_seconds) as value,
            'var' as source,
            timestamp '1970-01-01' as valid_from
        from bots
        left join paces on paces.bot = bots.bot
        cross join
            (
                values
                    {% for limit in limit_sources() -%}
                        (
                            '{{ limit.name }}',
                            cast({{ var(limit.name) }} as double),
                            cast({{ limit.loops or "null" }} as bigint)
                        ){{ "," if not loop.last }}
                    {% endfor %}
            ) as defaults(limit_name, value, loops)
    )
select
    bot,
    limit_name,
    raw_value,
    value,
    source,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by bot, limit_name order by valid_from), {{ forever() }}
    ) as valid_to
from starts
