-- The versions that became state, each until the next one was seen.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "surface", "valid_from"],
    )
}}

{% set columns = "bot, surface, published_at, observed_at, _file, _sha256" %}

with
    states as (
        select {{ columns }}
        from {{ ref("int_snapshots_vetted") }}
        where is_state and {{ touched("observed_at") }} {{ plus_row_before(columns) }}
    )
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
from states
