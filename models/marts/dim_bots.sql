select
    bot,
    max(case when root = 'logs' then path end) as logs_path,
    max(case when root = 'config' then path end) as config_path,
    max(case when root = 'text' then path end) as text_path,
    min(first_at) as first_read_at
from {{ ref("stg_bots") }}
group by bot
