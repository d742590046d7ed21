-- title: How often did each gate refuse?
-- chart: table
-- needs: risk_vetoes
-- unit: refused orders, share of all refusals in %
select
    reason,
    count(*) as refusals,
    100 * count(*) / sum(count(*)) over () as share_pct,
    count(distinct symbol) as symbols,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    case when bool_and(is_known_reason) then 'known' else 'new' end as vocabulary
from fct_vetoes
where bot = $bot and occurred_at > $since and occurred_at <= $until
group by reason
order by refusals desc, reason
