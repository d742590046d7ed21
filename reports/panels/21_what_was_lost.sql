-- title: What is known to be lost?
-- note: Bytes that the bot rotated away or overwrote before they could be read, and lines that are
-- kept aside because they are not JSON.
-- chart: table
-- needs: risk_vetoes
-- unit: bytes, lines
select
    stream,
    reason,
    lost_from as from_at,
    lost_until as until_at,
    to_offset - from_offset as lost_bytes,
    _file as file
from fct_losses
where bot = $bot and observed_at > $since and observed_at <= $until
union all
select
    stream,
    reason || ', ' || count(*) || ' lines kept aside',
    min(observed_at),
    max(observed_at),
    sum(length_bytes),
    any_value(_file)
from fct_quarantined_lines
where bot = $bot and observed_at > $since and observed_at <= $until
group by stream, reason, _file
order by from_at nulls last, stream, reason, file
