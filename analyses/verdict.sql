-- A check's verdict rows; `watchhouse check` puts the check and its needs in place of the marks.
{{ with_unknowns("/*check*/", "'/*needs*/'") }}
