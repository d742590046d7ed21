-- One row per leaf of each version of a config file.
select
    configs.bot,
    configs.surface,
    configs.observed_at,
    leaves.fullkey as key_path,
    json_extract_string(leaves.atom, '$') as value_text
from {{ ref("stg_configs") }} as configs, lateral json_tree(configs.payload) as leaves
where leaves.type not in ('OBJECT', 'ARRAY')
