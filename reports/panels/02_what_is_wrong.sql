-- title: What is wrong at the end, and what to do
-- chart: findings
-- unit: in the sentences
select severity, check_name, playbook, subject, since_at, reason, follows_from, do_text
from report_findings
where bot = $bot
order by place
