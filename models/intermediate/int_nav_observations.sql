-- Every place where the bot says what it is worth, as one list. A version of a state
-- file stands until the next on the same surface; a point of a log stands at its time.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "surface", "occurred_at", "valid_from"],
    )
}}

with
    stated as (
        select
            bot,
            observed_at,
            'nav' as surface,
            'executor' as shape,
            nav_source,
            nav_usd,
            cast(null as double) as peak_usd,
            cast(null as double) as drawdown_ratio
        from {{ ref("stg_navs") }}
        union all
        select
            bot, observed_at, 'nav_state', shape, nav_source, nav_usd, peak_usd, drawdown_pct / 100
        from {{ ref("stg_nav_states") }}
        union all
        select
            bot,
            observed_at,
            'peak_state',
            'sync_state',
            'unknown',
            nav_usd,
            peak_usd,
            drawdown_pct / 100
        from {{ ref("stg_peak_states") }}
        union all
        select bot, observed_at, 'nav_confirmed', 'executor', nav_source, nav_usd, null, null
        from {{ ref("stg_navs_confirmed") }}
    ),
    logged as (
        select
            bot,
            'nav_log' as surface,
            'log' as shape,
            nav_usd,
            occurred_at,
            observed_at,
            _file,
            _sha256
        from {{ ref("stg_nav_log_points") }}
        where {{ touched("observed_at") }}
        union all
        select
            bot,
            'nav_points',
            'log',
            nav_usd,
            occurred_at,
            observed_at,
            _file,
            cast(_offset as varchar)
        from {{ ref("stg_nav_points") }}
        where {{ touched("observed_at") }}
    ),
    -- the newest point of a look is what the log said from then on; the others held at no look
    looked as (
        select
            *,
            row_number() over (
                partition by bot, surface, observed_at order by occurred_at desc, _sha256
            ) as nth_from_last
        from logged
        {% if is_touched_only() %}
            union all
            select bot, surface, shape, nav_usd, occurred_at, observed_at, _file, _sha256, 1
            from {{ this }}
            where shape = 'log' and valid_from < {{ since() }} and valid_to > {{ since() }}
        {% endif %}
    )
select
    stated.bot,
    stated.surface,
    stated.shape,
    stated.nav_source,
    stated.nav_usd,
    stated.peak_usd,
    stated.drawdown_ratio,
    least(versions.published_at, versions.valid_from) as occurred_at,
    versions.observed_at,
    versions.valid_from,
    versions.valid_to,
    versions._file,
    versions._sha256
from stated
inner join
    {{ ref("int_state_versions") }} as versions
    on versions.bot = stated.bot
    and versions.surface = stated.surface
    and versions.observed_at = stated.observed_at
where {{ lasting("versions") }}
union all
select
    bot,
    surface,
    shape,
    'unknown' as nav_source,
    nav_usd,
    null as peak_usd,
    null as drawdown_ratio,
    occurred_at,
    observed_at,
    case
        when nth_from_last = 1 then observed_at else least(occurred_at, observed_at)
    end as valid_from,
    case
        when nth_from_last = 1
        then
            coalesce(
                lead(observed_at) over (
                    partition by bot, surface, nth_from_last order by observed_at
                ),
                {{ forever() }}
            )
        else least(occurred_at, observed_at)
    end as valid_to,
    _file,
    _sha256
from looked
