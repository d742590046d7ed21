with
    versions as (
        select
            *,
            row_number() over (partition by bot, surface order by observed_at) as version,
            lag(observed_at) over (partition by bot, surface order by observed_at) as previous_at
        from {{ ref("stg_configs") }}
    ),
    leaves as (
        select versions.*, now.key_path, null as value_before, now.value_text as value_now
        from versions
        inner join {{ ref("int_config_leaves") }} as now using (bot, surface, observed_at)
        where versions.previous_at is not null
        union all
        select versions.*, before.key_path, before.value_text, null
        from versions
        inner join
            {{ ref("int_config_leaves") }} as before
            on before.bot = versions.bot
            and before.surface = versions.surface
            and before.observed_at = versions.previous_at
    ),
    changes as (
        select
            bot,
            surface,
            observed_at,
            key_path,
            max(value_before) as value_before,
            max(value_now) as value_now
        from leaves
        group by bot, surface, observed_at, key_path
        having max(value_now) is distinct from max(value_before)
    )
select
    versions.bot,
    versions.surface,
    versions.version,
    string_agg(
        changes.key_path
        || ': '
        || coalesce(value_before, 'absent')
        || ' -> '
        || coalesce(value_now, 'absent'),
        '; '
        order by changes.key_path
    ) as changes,
    count(changes.key_path) as changed_count,
    versions.observed_at as valid_from,
    coalesce(
        lead(versions.observed_at) over (
            partition by versions.bot, versions.surface order by versions.observed_at
        ),
        {{ forever() }}
    ) as valid_to,
    versions._file,
    versions._sha256
from versions
left join changes using (bot, surface, observed_at)
group by
    versions.bot,
    versions.surface,
    versions.version,
    versions.observed_at,
    versions._file,
    versions._sha256
