"""How far each file of each bot was read, and what came of it."""

from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb

from watchhouse.instant import iso

QUERY = """
with
    latest as (
        select *
        from fct_surface_health
        where valid_from <= $now and $now < valid_to and status <> 'not configured'
    ),
    looks as (
        select
            bot,
            surface,
            max(last_polled_at) as polled_at,
            max(last_good_at) as good_at,
            count(distinct last_good_at) as version_count
        from fct_surface_health
        where valid_from <= $now
        group by all
    ),
    loads as (
        select
            bot,
            stream as surface,
            max(observed_at) as news_at,
            sum(row_count - kept_count) as row_count,
            max_by(to_offset, load_id) as read_to,
            max_by(size_bytes, load_id) as size_bytes,
            sum(unaccounted_bytes) as unaccounted_bytes
        from fct_loads
        group by all
    ),
    quarantined as (
        select bot, stream as surface, count(*) as pieces, max_by(reason, observed_at) as reason
        from fct_quarantined_lines
        group by all
    ),
    lost as (
        select bot, stream as surface, sum(to_offset - from_offset) as lost_bytes
        from fct_losses
        group by all
    )
select
    latest.bot,
    latest._file as file,
    latest.status,
    looks.polled_at,
    coalesce(loads.news_at, looks.good_at) as news_at,
    loads.read_to,
    coalesce(loads.size_bytes, latest.size_bytes) as size_bytes,
    cast(coalesce(loads.row_count, looks.version_count) as bigint) as row_count,
    cast(coalesce(quarantined.pieces, 0) as bigint) as quarantined_count,
    cast(coalesce(lost.lost_bytes, 0) as bigint) as lost_bytes,
    coalesce(latest.detail, quarantined.reason, latest.reason) as last_error,
    (epoch_us($now) - epoch_us(coalesce(loads.news_at, looks.good_at))) / 1e6 as lag_seconds
from latest
inner join looks using (bot, surface)
left join loads using (bot, surface)
left join quarantined using (bot, surface)
left join lost using (bot, surface)
order by latest.bot, latest._file
"""


@dataclass(frozen=True)
class FileStatus:
    """One file of one bot: the last look at it, the last news from it (UTC), what was read."""

    bot: str
    file: str
    status: str
    polled_at: datetime | None
    news_at: datetime | None
    read_to: int | None  # bytes, of the file that had the last news
    size_bytes: int | None
    row_count: int  # lines of a log, versions of a state file
    quarantined_count: int
    lost_bytes: int
    last_error: str | None
    lag_seconds: float | None  # from the last news to `now`

    def as_json(self) -> dict[str, object]:
        """The fields with ISO stamps."""
        return {k: iso(v) if isinstance(v, datetime) else v for k, v in asdict(self).items()}


def file_statuses(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[FileStatus]:
    """Every file that a bot was looked at for, by bot and path; `now` is naive UTC."""
    rows = connection.execute(QUERY, {"now": now}).fetchall()
    return [FileStatus(*row) for row in rows]


def lines(statuses: list[FileStatus], now: datetime) -> list[str]:
    """The statuses for 80 columns, a heading per bot."""
    told: list[str] = []
    for bot in dict.fromkeys(status.bot for status in statuses):
        own = [status for status in statuses if status.bot == bot]
        polled = max((s.polled_at for s in own if s.polled_at), default=None)
        looked = (
            f"looked at {iso(polled)}, {_span((now - polled).total_seconds())} ago"
            if polled
            else "never"
        )
        told += [f"{bot}: {looked}", ""]
        told += [f"  {'file':<34}{'status':<12}{'news':>8}{'rows':>8}{'bad':>5}{'lost':>8}"]
        told += [_line(status) for status in own]
        told += ["", *_errors(own)]
    return told or ["no bot has been looked at", "", "hint: watchhouse ingest --bot name=LOGS"]


def _line(status: FileStatus) -> str:
    return (
        f"  {status.file[:33]:<34}{status.status:<12}{_span(status.lag_seconds):>8}"
        f"{status.row_count:>8}{status.quarantined_count:>5}{status.lost_bytes:>8}"
    )


def _errors(statuses: list[FileStatus]) -> list[str]:
    blind = ("ok", "missing", "not polled")
    bad = [s for s in statuses if s.last_error and (s.status not in blind or s.quarantined_count)]
    return [f"  {s.file}: {s.last_error}"[:80] for s in bad]


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"
