-- The versions that became state, each until the next one was seen.
select
    bot,
    surface,
    published_at,
    observed_at,
    observed_at as valid_from,
    coalesce(
        lead(observed_at) over (partition by bot, surface order by observed_at), {{ forever() }}
    ) as valid_to,
    _file,
    _sha256
from {{ ref("int_snapshots_vetted") }}
where is_state
