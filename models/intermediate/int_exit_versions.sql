-- Between two changes of any of the exit pipeline's files: which version of each was the last seen.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "valid_from"],
    )
}}

with
    changes as (
        select
            bot,
            valid_from,
            max(case when surface = 'positions_state' then valid_from end) as positions_at,
            max(case when surface = 'positions_ledger' then valid_from end) as ledger_at,
            max(case when surface = 'position_tp_sl' then valid_from end) as registry_at,
            max(case when surface = 'diagnostics' then valid_from end) as diagnostics_at
        from {{ ref("int_state_versions") }}
        where
            surface in ('positions_state', 'positions_ledger', 'position_tp_sl', 'diagnostics')
            and {{ lasting() }}
        group by bot, valid_from
    )
select
    bot,
    {% for file in ["positions", "ledger", "registry", "diagnostics"] -%}
        max({{ file }}_at) over (
            partition by bot order by valid_from rows between unbounded preceding and current row
        ) as {{ file }}_at,
    {% endfor -%}
    valid_from,
    coalesce(
        lead(valid_from) over (partition by bot order by valid_from), {{ forever() }}
    ) as valid_to
from changes
