-- The vocabulary both ways: what the seed knows and what the logs hold.
with
    seen as (
        select
            raw_reason,
            count(*) as refusal_count,
            min(occurred_at) as first_seen_at,
            max(occurred_at) as last_seen_at
        from {{ ref("int_refusals") }}
        group by raw_reason
    )
select
    coalesce(reasons.raw_reason, seen.raw_reason) as raw_reason,
    coalesce(reasons.reason, seen.raw_reason) as reason,
    coalesce(reasons.family, 'other') as family,
    reasons.raw_reason is not null as is_known,
    coalesce(seen.refusal_count, 0) as refusal_count,
    seen.first_seen_at,
    seen.last_seen_at
from {{ ref("veto_reasons") }} as reasons
full outer join seen on seen.raw_reason = reasons.raw_reason
