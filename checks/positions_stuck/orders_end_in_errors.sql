-- Means: most orders that were sent in the last hour ended in an error: nothing goes out though
-- nothing refuses.
-- Look at: fct_orders where outcome = 'error'; error_text of the last one is below.
-- Do: check access, permissions and balances at the exchange, and the size and precision of the
-- orders; then restart the executor.
-- Blind to: errors that the bot does not log.
{{
    config(
        meta={
            "needs": ["orders_executed"],
            "playbook_lines": ["P1-S2", "P3-S1"],
            "proof": "update fct_orders set outcome = 'error', error_text = 'margin is insufficient', occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
            "spares": [
                "delete from fct_orders; insert into fct_orders (bot, order_key, outcome, occurred_at) select bot, 'o' || i, 'error', max(minute) - interval '20 minutes' from fct_pipeline_minutes, range(2) as r(i) group by bot, i"
            ],
        }
    )
}}
select
    orders.as_of,
    orders.bot,
    'orders' as subject,
    'crit' as severity,
    min(occurred_at) filter (where outcome = 'error') as since,
    format(
        '{} of {} orders of the last hour ended in errors, the last: {}',
        count(*) filter (where outcome = 'error'),
        count(*),
        left(
            coalesce(max_by(error_text, occurred_at) filter (where outcome = 'error'), 'no text'),
            120
        )
    ) as reason,
    count(*) filter (where outcome = 'error') as errors,
    count(*) as orders,
    max_by(symbol, occurred_at) filter (where outcome = 'error') as last_symbol,
    max_by(_file, occurred_at) filter (where outcome = 'error') as _file,
    max_by(_offset, occurred_at) filter (where outcome = 'error') as _offset
from {{ at_clock(ref("fct_orders"), within="1 hour") }} as orders
inner join {{ at_clock(limit("order_errors_count")) }} as limits using (as_of, bot)
where outcome in ('error', 'acked', 'filled', 'closed')
group by orders.as_of, orders.bot
having
    count(*) filter (where outcome = 'error') >= max(limits.value)
    and count(*) filter (where outcome = 'error') > 0.5 * count(*)
