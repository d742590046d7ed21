-- title: What changed in the config?
-- chart: table
-- needs: strategy_config, risk_limits
-- unit: versions
select surface as file, version, valid_from as seen_at, changed_count as keys_changed, changes
from dim_config_versions
where bot = $bot and version > 1 and valid_from > $since and valid_from <= $until
order by seen_at, file, version
