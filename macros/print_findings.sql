{# After `dbt test`: what the checks found, worst first, with the playbook's action; then what could not
   be judged. Silent when all is well. Runs the same text as the test did, so it cannot disagree. #}
{% macro print_findings(results) -%}
    {%- do verdict_refs() -%}
    {%- if execute and flags.WHICH in ("test", "build") -%}
        {%- set rows = [] -%}
        {%- set broken = [] -%}
        {%- set others = [] -%}
        {%- for result in results if result.node.resource_type in ("test", "unit_test") -%}
            {%- if result.status in ("fail", "warn", "error") -%}
                {%- if result.node.test_metadata or result.node.resource_type == "unit_test" -%}
                    {%- do others.append(result.node.name) -%}
                {%- elif result.status == "error" -%} {%- do broken.append(result.node.name) -%}
                {%- else -%} {%- do rows.extend(finding_rows(result.node)) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for row in roots_of(rows | selectattr("severity", "ne", "unknown") | list) | sort(
            attribute="rank"
        ) -%}
            {%- do print(finding_text(row)) -%}
        {%- endfor -%}
        {%- for why, group in (
            rows
            | selectattr("severity", "equalto", "unknown")
            | list
            | groupby("reason")
        ) -%}
            {%- do print(unknown_text(why, group)) -%}
        {%- endfor -%}
        {%- for name in broken -%}
            {%- do print("UNKNOWN  " ~ name ~ " could not run; dbt's own message follows") -%}
        {%- endfor -%}
        {%- if others -%}
            {%- do print(
                "The warehouse, not the bot: " ~ others
                | length ~ " tests of the models failed: " ~ others
                | join(", ")
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro finding_rows(node) -%}
    {%- set sql -%}
        select
            severity,
            bot,
            subject,
            cast(since as varchar) as since,
            -- what began a loop later may still be the cause: files are written one after another
            cast(since + interval '{{ var("loop_seconds") }} seconds' as varchar) as cause_by,
            reason
        from ({{ verdict_of(node, node.compiled_code) }}) as rows
        where severity <> 'info'
        order by since
    {%- endset -%}
    {%- set header = modules.re.search("-- Do: (.*?)\n(-- [A-Z]|[^-])", node.raw_code, 16) -%}
    {%- set found = [] -%}
    {%- for row in run_query(sql) -%}
        {%- do found.append(
            {
                "check": node.name,
                "key": (row["bot"] or "no bot") ~ ":" ~ node.name,
                "playbook": node.fqn[1],
                "rank": {"crit": 0, "unknown": 1, "warn": 2}[row["severity"]]
                ~ (row["since"] or "")
                ~ node.name,
                "severity": row["severity"],
                "bot": row["bot"] or "no bot",
                "since": row["since"] or "",
                "cause_by": row["cause_by"] or "9999",
                "causes": node.config.meta.get("explained_by", []),
                "explains": [],
                "reason": row["reason"],
                "do": modules.re.sub("\n-- *", " ", header.group(1)) if header else "",
            }
        ) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{# The findings that no other explains, each naming the checks that follow from it: as watchhouse/causes.py
   folds them. A check follows from the first of its causes that fires for the same bot and began in time. #}
{% macro roots_of(rows) -%}
    {%- set above = {} -%}
    {%- for row in rows -%}
        {%- set own = rows | selectattr("bot", "eq", row.bot) | list -%}
        {%- set latest = (
            own | selectattr("check", "eq", row.check) | map(attribute="cause_by") | min
        ) -%}
        {%- for cause in row.causes -%}
            {%- set begun = (
                own | selectattr("check", "eq", cause) | map(attribute="since") | list
            ) -%}
            {%- if begun and begun | min <= latest -%}
                {%- do above.setdefault(row.bot ~ ":" ~ row.check, cause) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set roots = rows | rejectattr("key", "in", above) | list -%}
    {%- for row in rows if row.key in above -%}
        {%- set root = namespace(check=row.check) -%}
        {%- for _ in rows -%}
            {%- set root.check = above.get(row.bot ~ ":" ~ root.check, root.check) -%}
        {%- endfor -%}
        {%- set found = (
            roots
            | selectattr("key", "eq", row.bot ~ ":" ~ root.check)
            | sort(attribute="rank")
            | first
        ) -%}
        {%- if row.check not in found.explains -%}
            {%- do found.explains.append(row.check) -%}
        {%- endif -%}
        {%- do found.update({"rank": [found.rank, row.rank] | min}) -%}
    {%- endfor -%}
    {{ return(roots) }}
{%- endmacro %}


{% macro finding_text(row) -%}
    {%- set head = (
        row.severity
        | upper ~ "  " ~ row.bot ~ ": " ~ row.check
        | replace("_", " ") ~ ", since " ~ row.since[:19]
    ) -%}
    {%- set body = (row.reason | wordwrap(74)) ~ "\n" ~ ("Do: " ~ row.do) | wordwrap(74) -%}
    {%- set more = (
        "\n"
        ~ (
            "Explains " ~ row.explains
            | length ~ " more: " ~ row.explains
            | join(", ")
            | replace("_", " ")
        )
        | wordwrap(74)
        if row.explains
        else ""
    ) -%}
    {{ return(head ~ "\n" ~ (body ~ more) | indent(6, true) ~ "\n") }}
{%- endmacro %}


{% macro unknown_text(why, group) -%}
    {%- set bots = group | map(attribute="bot") | unique | join(", ") -%}
    {%- set checks = group | map(attribute="check") | unique | list -%}
    {%- set named = (
        checks | join(", ") if checks | length <= 3 else checks | length ~ " checks"
    ) -%}
    {{ return("UNKNOWN  " ~ bots ~ ": " ~ named ~ ": " ~ why) }}
{%- endmacro %}
