-- The bot reads its config once per process: a value is in use from the first start
-- after it was seen. The first version that was seen is taken to be in use. A
-- percentage above 1 is divided by 100 at load; the gross exposure is a ratio and is
-- not.
with
    versions as (
        select
            bot,
            surface,
            observed_at,
            row_number() over (partition by bot, surface order by observed_at) as version,
            coalesce(
                lead(observed_at) over (partition by bot, surface order by observed_at),
                {{ forever() }}
            ) as valid_to,
            _file,
            _sha256
        from {{ ref("stg_configs") }}
    ),
    starts as (
        select
            versions.bot,
            versions.surface,
            versions.observed_at,
            min(lives.started_at) as in_use_from
        from versions
        inner join
            {{ ref("int_executor_lives") }} as lives
            on lives.bot = versions.bot
            and lives.started_at >= versions.observed_at
        group by versions.bot, versions.surface, versions.observed_at
    )
select
    leaves.bot,
    leaves.surface,
    leaves.key_path,
    leaves.value_text as raw_text,
    try_cast(leaves.value_text as double) as raw_value,
    case
        when right(leaves.key_path, 4) = '_pct' and leaves.key_path not like '%gross%'
        then {{ as_fraction("try_cast(leaves.value_text as double)") }}
        else try_cast(leaves.value_text as double)
    end as effective_value,
    case
        when versions.version = 1 then versions.observed_at else starts.in_use_from
    end as in_use_from,
    leaves.observed_at as valid_from,
    versions.valid_to,
    versions._file,
    versions._sha256
from {{ ref("int_config_leaves") }} as leaves
inner join versions using (bot, surface, observed_at)
left join starts using (bot, surface, observed_at)
