-- Looks cut by the spans in which the bot was looked at, then where the last good content grew
-- too old.
{{
    config(
        materialized="incremental",
        meta={
            "touched": "valid_from",
            "moving": ["valid_to", "last_polled_at", "status", "reason", "is_usable"],
        },
        unique_key=["bot", "surface", "valid_from"],
    )
}}

with
    looked as (
        select
            looks.*,
            spans.is_watched,
            -- an import covers a log up to the look that read it, not up to one that found it gone
            spans.is_imported
            and looks.kind in ('events', 'text')
            and not coalesce(
                is_good
                and lead(looks.status) over (
                    partition by looks.bot, looks.surface
                    order by greatest(looks.valid_from, spans.valid_from)
                )
                = 'missing',
                false
            ) as is_imported,
            spans.last_polled_at,
            greatest(looks.valid_from, spans.valid_from) as cut_from,
            least(looks.valid_to, spans.valid_to) as cut_to,
            case
                when last_good_at is null
                then looks.valid_from
                when cadence_seconds is not null and kind not in ('events', 'text')
                then last_good_at + cadence_seconds * interval '{{ var("stale_cadences") }} seconds'
                when is_good
                then {{ forever() }}
                else looks.valid_from + 3 * poll_seconds * interval '1 second'
            end as good_until
        from {{ ref("int_surface_looks") }} as looks
        inner join
            {{ ref("int_watch_spans") }} as spans
            on spans.bot = looks.bot
            and spans.valid_from < looks.valid_to
            and looks.valid_from < spans.valid_to
        where {{ lasting("looks") }}
    ),
    pieces as (
        select *, true as is_fresh, cut_from as valid_from_, least(cut_to, good_until) as valid_to_
        from looked
        where cut_from < good_until
        union all
        select
            *, false as is_fresh, greatest(cut_from, good_until) as valid_from_, cut_to as valid_to_
        from looked
        where good_until < cut_to
    )
select
    bot,
    surface,
    case
        when status = 'not configured'
        then status
        when is_imported
        then 'imported'
        when not is_watched
        then 'not polled'
        when is_good and not is_fresh
        then 'stale'
        else status
    end as status,
    case
        when status = 'not configured'
        then 'no ' || surface || ' is configured'
        when is_imported
        then null
        when not is_watched
        then
            coalesce(
                'not looked at since ' || strftime(last_polled_at, '%Y-%m-%d %H:%M:%S'),
                'not looked at before ' || strftime(valid_to_, '%Y-%m-%d %H:%M:%S')
            )
        when is_fresh and is_good
        then null
        when last_good_at is null
        then _file || ' was never good: ' || status
        when status = 'ok'
        then _file || ' has not changed since ' || strftime(last_good_at, '%Y-%m-%d %H:%M:%S')
        else
            _file
            || ' is '
            || status
            || ', last good at '
            || strftime(last_good_at, '%Y-%m-%d %H:%M:%S')
    end as reason,
    detail,
    missing_keys,
    nonfinite_keys,
    size_bytes,
    seconds_back,
    is_imported or (is_watched and is_fresh and status <> 'not configured') as is_usable,
    last_good_at,
    published_at,
    written_at,
    least(last_polled_at, valid_to_) as last_polled_at,
    valid_from_ as valid_from,
    valid_to_ as valid_to,
    _file,
    _sha256
from pieces
-- so that a look at one time skips the rest of a year
order by valid_from
