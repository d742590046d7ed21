-- A check's verdict rows; `watchhouse check` puts the check, its needs and its name in
-- place of the marks.
{{ with_unknowns("/*check*/", "'/*needs*/'", "'/*name*/'") }}
