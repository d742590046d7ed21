-- title: Which symbols are refused, and why?
-- note: The fifteen symbols and ten reasons with most refusals.
-- chart: matrix
-- row: symbol
-- column: reason
-- value: refusals
-- needs: risk_vetoes
-- unit: refused orders
with
    refused as (
        select coalesce(symbol, 'no symbol') as symbol, reason
        from fct_vetoes
        where bot = $bot and occurred_at > $since and occurred_at <= $until
    ),
    symbols as (
        select symbol, row_number() over (order by count(*) desc, symbol) as place
        from refused
        group by symbol
    ),
    reasons as (
        select reason, row_number() over (order by count(*) desc, reason) as place
        from refused
        group by reason
    )
select refused.symbol, refused.reason, count(*) as refusals
from refused
inner join symbols using (symbol)
inner join reasons using (reason)
where symbols.place <= 15 and reasons.place <= 10
group by symbols.place, reasons.place, refused.symbol, refused.reason
order by symbols.place, reasons.place
