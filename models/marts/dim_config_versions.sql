with
    versions as (
        select
            *,
            row_number() over (partition by bot, surface order by observed_at) as version,
            lag(observed_at) over (partition by bot, surface order by observed_at) as previous_at
        from {{ ref("stg_configs") }}
    ),
    changes as (
        select
            versions.bot,
            versions.surface,
            versions.observed_at,
            coalesce(now.key_path, before.key_path) as key_path,
            before.value_text as value_before,
            now.value_text as value_now
        from versions
        inner join {{ ref("int_config_leaves") }} as now using (bot, surface, observed_at)
        full outer join
            (
                select versions.observed_at as seen_at, leaves.*
                from versions
                inner join
                    {{ ref("int_config_leaves") }} as leaves
                    on leaves.bot = versions.bot
                    and leaves.surface = versions.surface
                    and leaves.observed_at = versions.previous_at
            ) as before
            on before.bot = versions.bot
            and before.surface = versions.surface
            and before.seen_at = versions.observed_at
            and before.key_path = now.key_path
        where versions.previous_at is not null and now.value_text is distinct from before.value_text
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
