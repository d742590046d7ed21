-- fmt: off
{# How the tables that grow are built. A build finds the first instant that newer loads touched (`since`);
   a model computes its rows from there on, with the row before as context, and they replace what stood
   there. meta.touched names the column by which a row is before or after that instant: `_load_id` where
   rows are only added, else a time. Rows of before keep all but the columns of meta.moving (`valid_to`),
   which are taken over by unique_key: an open interval ends when the next one begins. #}
{# The condition on rows that this build computes: `true` when it computes all of them. With `margin` also
   on those before, which belong to one fact with rows after. #}
{% macro touched(column, margin=false) -%}
    {%- if not is_touched_only() -%} true
    {%- elif column.endswith("load_id") -%} {{ column }} > {{ watermark() }}
    {%- else -%}
        {%- set from = since() ~ (" - interval '" ~ var("touched_margin_minutes") ~ " minutes'" if margin else "") -%}
        ({{ column }} >= {{ from }} or {{ column }} is null)
    {%- endif -%}
{%- endmacro %}


{# The condition on intervals that this build needs: those that last beyond `since`. None ends before it
   begins, so `valid_to` is compared alone as well: of an `or` no scan would skip what is long over. #}
{% macro lasting(alias=none) -%}
    {%- set of = alias ~ "." if alias else "" -%}
    {%- if not is_touched_only() -%} true
    {%- else -%}
        {{ of }}valid_to >= {{ since() }}
        and ({{ of }}valid_to > {{ since() }} or {{ of }}valid_from >= {{ since() }})
    {%- endif -%}
{%- endmacro %}


{# The condition on rows that were open at `since`. #}
{% macro was_open() -%} valid_from < {{ since() }} and valid_to > {{ since() }} {%- endmacro %}


{# This table's own rows that were open at `since`, as further rows of a union. #}
{% macro plus_row_before(columns) -%}
    {%- if is_touched_only() -%}
        union all
        select {{ columns }}
        from {{ this }}
        where {{ was_open() }}
    {%- endif -%}
{%- endmacro %}


{# This table's own rows that were open at `since`, to be joined: none when all of it is built. #}
{% macro row_before(columns) -%}
    {%- if not is_touched_only() -%} {{ return(no_rows(columns)) }} {%- endif -%}
    (
        select {{ columns | join(", ") }}
        from {{ this }}
        where {{ was_open() }}
    )
{%- endmacro %}


{# When the earliest of this table's own rows that were open at `since` begins, as a literal. #}
{% macro open_since() -%}
    {%- set query -%}
        select coalesce(min(valid_from), {{ since() }})
        from {{ this }}
        where {{ was_open() }}
    {%- endset -%}
    {%- set found = run_query(query).rows[0][0] if is_touched_only() else "1970-01-01" -%}
    {{ return("timestamp '" ~ found ~ "'") }}
{%- endmacro %}


{# From when on a relation's rows before `since` are the last so many of their key: (*keys, back_to). A
   window would sort a year of them. #}
{% macro last_rows(relation, keys, column, count) -%}
    (
        select {{ keys | join(", ") }}, list_min(max({{ column }}, {{ count }})) as back_to
        from {{ relation }}
        group by {{ keys | join(", ") }}
    )
{%- endmacro %}


{# Whether this build computes only what newer loads touched. #}
{% macro is_touched_only() -%}
    {{ return(execute and model.resource_type == "model" and is_incremental()) }}
{%- endmacro %}


{# The first touched instant as a literal: only a literal lets a scan skip a year. #}
{% macro since() -%}
    {%- set found = run_query("select since from raw.touched").rows if is_touched_only() -%}
    {{ return("timestamp '" ~ (found[0][0] if found else "1970-01-01") ~ "'") }}
{%- endmacro %}


{# The last load that this model has seen, none when all of it is to be built. #}
{% macro watermark() -%}
    {%- set seen = "select max(watermark) from raw.builds where model = '" ~ model.name ~ "'" -%}
    {{ return(run_query(seen).rows[0][0]) }}
{%- endmacro %}


{# A table that no build of this project has left is built whole, whatever stands there. #}
{% macro should_full_refresh() -%}
    {%- if flags.FULL_REFRESH -%} {{ return(true) }} {%- endif -%}
    {%- if not execute or model.config.materialized != "incremental" -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(watermark() is none) }}
{%- endmacro %}


{# dbt's strategy `touched`. #}
{% macro get_incremental_touched_sql(arguments) -%}
    {%- set target, temp = arguments.target_relation, arguments.temp_relation -%}
    {%- set by = config.get("meta").touched -%}
    {%- set columns = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    delete from {{ target }} where {{ touched(by) }};
    {%- if by == "_load_id" and "_file_id" in columns %}
        delete from {{ target }}
        where (_file_id, _offset) in ({{ superseded(stream_of()) }});
    {%- endif %}
    {%- if arguments.unique_key %}
        update {{ target }} as kept
        set
            {% for column in config.get("meta").get("moving", ["valid_to"]) -%}
                {{ column }} = fresh.{{ column }}{{ ", " if not loop.last }}
            {%- endfor %}
        from {{ temp }} as fresh
        where
            fresh.{{ by }} < {{ since() }}
            {{ "and kept.valid_to > " ~ since() if "valid_to" in columns }}
            {% for key in arguments.unique_key %} and kept.{{ key }} = fresh.{{ key }} {% endfor %};
    {%- endif %}
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ temp }}
    where {{ touched(by) }}
{%- endmacro %}


{# The raw table whose lines a model holds. #}
{% macro stream_of() -%}
    {{ return(config.get("meta").stream or model.sources[0][1]) }}
{%- endmacro %}


{# Keys of a stream's lines that newer loads superseded. #}
{% macro superseded(stream) -%}
    select _file_id, _offset from raw.{{ stream }}
    where _superseded_at >= (select min(polled_at) from raw.polls where load_id > {{ watermark() }})
{%- endmacro %}


{# Before the models: forget what another text of the project has built, and find `since`. A day is built
   whole, and the day before too within the first hour: lines of one fact are written within it. #}
{% macro note_touched() -%}
    {%- if execute and target.name != "published" and flags.WHICH in ("run", "build") -%}
        {%- set built -%}
            select min(watermark)
            from
                (
                    select max(watermark) as watermark
                    from raw.builds
                    where project = getvariable('project')
                    group by model
                )
        {%- endset -%}
        delete from raw.builds as old
        where
            project is distinct from getvariable('project')
            or built_at
            < (select max(built_at) from raw.builds as newer where newer.model = old.model);
        {%- set watermark = run_query(built).rows[0][0] %}
        create or replace table raw.touched as
        {%- if watermark is none %} select timestamp '1970-01-01' as since
        {%- else %}
            select
                coalesce(
                    date_trunc(
                        'day',
                        min(touched_at) - interval '{{ var("touched_margin_minutes") }} minutes'
                    ),
                    {{ forever() }}
                ) as since
            from ({{ touched_instants(watermark) }})
        {%- endif %}
    {%- endif -%}
{%- endmacro %}


{# Every instant that a load after `watermark` speaks of: of its rows, of rows that it superseded, of the
   orders and attempts that its rows go on with, and the look before, since a look also says what was until then. #}
{% macro touched_instants(watermark) -%}
    {%- set newer -%}
        select coalesce(min(polled_at), {{ forever() }})
        from raw.polls
        where load_id > {{ watermark }}
    {%- endset -%}
    {%- set superseded_since = "timestamp '" ~ run_query(newer).rows[0][0] ~ "'" -%}
    with named as materialized ({{ named_ids(watermark) }})
    {%- for table in registry() %}
        {{ stamps_of(table) }}
        where _load_id > {{ watermark }}
        union all
        {%- if table.kind in ("events", "text") %}
            {{ stamps_of(table) }}
            where _superseded_at >= {{ superseded_since }}
            union all
        {%- endif %}
    {%- endfor %}
    {#- a hook of the project cannot use ref -#}
    {%- for name, ids in [
        ("stg_order_events", ["order_id", "client_order_id", "attempt_id"]), ("stg_attempts", ["attempt_id"])
    ] %}
        {%- set lines = adapter.get_relation(target.database, "staging", name) %}
        {%- if lines and lines.is_table %}
            select min(occurred_at) as touched_at
            from {{ lines }}
            where
                {% for id in ids -%}
                    {{ "or " if not loop.first }}{{ id }} in (select id from named)
                {% endfor %}
            union all
        {%- endif %}
    {%- endfor %}
    {%- set attempts = adapter.get_relation(target.database, "staging", "stg_attempts") %}
    {%- if attempts and attempts.is_table %}
        select min(occurred_at) as touched_at
        from {{ attempts }}
        where run_id in ({{ test_runs(watermark) }})
        union all
    {%- endif %}
    select min(observed_at) as touched_at
    from raw.observations
    where load_id > {{ watermark }}
    union all
    select max(polled_at) as touched_at
    from raw.polls
    where load_id <= {{ watermark }} and polled_at < {{ superseded_since }}
    group by _bot
{%- endmacro %}


{# Ids of orders and attempts that lines newer than `watermark` name. #}
{% macro named_ids(watermark) -%}
    {%- set orders = [
        "orderId", "order_id", "raw.orderId", "clientOrderId", "client_order_id", "request_id", "attempt_id"
    ] -%}
    {%- for stream, keys in [
        ("orders_executed", orders),
        ("risk_vetoes", ["veto_detail.intent.attempt_id"]),
        ("order_metrics", ["attempt_id"]),
    ] -%}
        {%- set texts = [] -%}
        {%- for key in keys %}{% do texts.append(json_text("payload", "$." ~ key)) %}{% endfor %}
        select regexp_replace(unnest([{{ texts | join(", ") }}]), '_reduce$', '') as id
        from raw.{{ stream }}
        where _load_id > {{ watermark }}
        {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# Processes that lines newer than `watermark` give away as the bot's own tests. #}
{% macro test_runs(watermark) -%}
    {%- set text = [] -%}
    {%- for key in ["strategy", "symbol", "raw.symbol", "client_order_id", "event_type"] -%}
        {%- do text.append(json_text("payload", "$." ~ key)) -%}
    {%- endfor -%}
    select {{ json_text("payload", "$.run_id") }}
    from raw.orders_executed
    where
        _load_id > {{ watermark }}
        and {{ is_test_order(text[0], "coalesce(" ~ text[1] ~ ", " ~ text[2] ~ ")", text[3], text[4]) }}
{%- endmacro %}


{# The least of each row's own stamps and the look that saw it. #}
{% macro stamps_of(table) -%}
    select
        least(
            _observed_at{% if table.kind == "text" %}, logged_at {% endif %}
            {%- for key in (table.time_key or "").split("|") if key and table.kind != "text" %},
                {{ to_utc(json_text("payload", "$." ~ key)) }}
            {%- endfor %}
        ) as touched_at
    from {{ table.relation }}
{%- endmacro %}


{# After a model: the last load it holds, which is the least of what its parents hold. #}
{% macro note_build() -%}
    {%- set parents = [] -%}
    {%- for id in model.depends_on.nodes if graph.nodes.get(id, {}).get("resource_type") == "model" -%}
        {%- do parents.append(graph.nodes[id].name) -%}
    {%- endfor -%}
    insert into raw.builds by name
    select
        '{{ model.name }}' as model,
        min(watermark) as watermark,
        getvariable('project') as project,
        now() at time zone 'UTC' as built_at
    from
        (
            select coalesce(max(load_id), 0) as watermark from raw.polls
            union all
            select max(watermark) from raw.builds where model in ({{ quoted(parents) }}) group by model
        )
{%- endmacro %}
