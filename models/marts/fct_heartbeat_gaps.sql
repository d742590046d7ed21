-- Pauses of the heartbeat of over three loops, by the bot's own stamps: whoever stops
-- beating does not say so. Two heartbeats of one run with a long pause are a hang; a
-- new run is a restart.
{{ config(materialized="incremental", meta={"touched": "occurred_at"}) }}

with
    beats as (
        select
            bot,
            run_id,
            occurred_at,
            lag(run_id) over (partition by bot order by occurred_at, _offset) as previous_run_id,
            lag(occurred_at) over (partition by bot order by occurred_at, _offset) as previous_at,
            observed_at,
            _file,
            _offset
        from {{ ref("stg_heartbeats") }}
        {% if is_touched_only() %}
            left join
                {{
                    last_rows(
                        ref("stg_heartbeats") ~ " where occurred_at < " ~ since(),
                        ["bot"],
                        "occurred_at",
                        1,
                    )
                }} as last_beats using (bot)
            where occurred_at >= coalesce(back_to, {{ since() }})
        {% else %} where occurred_at is not null
        {% endif %}
    )
select
    beats.bot,
    beats.previous_run_id,
    beats.run_id,
    coalesce(beats.run_id <> beats.previous_run_id, false) as has_restart,
    {{ seconds_between("beats.previous_at", "beats.occurred_at") }} as gap_seconds,
    beats.previous_at as started_at,
    beats.occurred_at,
    beats.observed_at,
    beats._file,
    beats._offset
from beats
where
    {{ seconds_between("beats.previous_at", "beats.occurred_at") }} > {{ 3 * var("loop_seconds") }}
