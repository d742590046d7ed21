-- A check's verdict rows; `watchhouse check` puts the check, its needs and its name in
-- place of the marks.
{{
    with_unknowns(
        "/*check*/",
        "'/*needs*/'",
        "'/*name*/'",
        "'/*name*/' in (" ~ quoted(checks_on_silence()) ~ ")",
    )
}}
