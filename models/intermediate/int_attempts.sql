-- Attempts that were meant: a process that left a test row among the orders was the
-- bot's own pytest, and so were its attempts, which look like any other.
{{ config(materialized="view") }}

with
    tests as (
        select distinct bot, run_id
        from {{ ref("stg_order_events") }}
        where is_test and run_id is not null
    )
select attempts.*, coalesce(attempt_id, _file_id || ':' || _offset) as attempt_key
from {{ ref("stg_attempts") }} as attempts
left join tests using (bot, run_id)
where not attempts.is_test and tests.run_id is null
