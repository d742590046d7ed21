-- The first event of a bot's imported logs: from there on the imports cover what was logged.
select bot, min(started_at) as started_at from {{ ref("stg_imported_starts") }} group by bot
