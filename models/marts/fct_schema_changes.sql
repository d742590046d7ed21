-- What a file never had before. At the first look everything is new: the age says what came later.
select
    bot,
    stream,
    key_path,
    change,
    old_type,
    new_type,
    {{ seconds_between("min(observed_at) over (partition by bot, stream)", "observed_at") }}
    as stream_age_seconds,
    observed_at as occurred_at,
    observed_at,
    _load_id
from {{ ref("stg_schema_changes") }}
