-- Checks of which a seed may except a finding: the others' findings need no look at the seeds.
select "check" as name
from {{ ref("check_exceptions") }}
union
select name
from (select unnest([{{ quoted(checks_on_silence()) }}]) as name) as on_silence
where exists (select 1 from {{ ref("expected_quiet") }})
