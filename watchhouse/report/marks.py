"""What is marked on every time chart: restarts, changes of the config, and the bot's verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import altair as alt
import duckdb

from watchhouse.report import colour
from watchhouse.report.judged import ALL
from watchhouse.report.sheet import Sheet, milliseconds, table_of, time_axis
from watchhouse.report.window import Window

_EVENTS = """
select 'restart' as kind, started_at as at, 'run ' || coalesce(run_id, '?') as words
from fct_executor_lives
where bot = $bot and started_at > $since and started_at <= $until
union all
select 'config', valid_from, surface || ': ' || coalesce(changes, 'changed')
from dim_config_versions
where bot = $bot and version > 1 and valid_from > $since and valid_from <= $until
order by 2, 1, 3
"""
_STATES = """
select state, started_at, ended_at, coalesce(reason, '')
from report_states
where bot = $bot and check_name = $all_checks and state in ('crit', 'warn', 'unknown')
order by started_at
"""
_LETTERS = {"restart": "R", "config": "C"}
_STRIP = {
    "crit": (-9, -3, colour.CRIT),
    "warn": (-7, -3, colour.WARN),
    "unknown": (-5, -3, colour.UNKNOWN),
}
_APART_PIXELS = 9  # marks of one kind that are nearer to each other are one


@dataclass(frozen=True)
class Marks:
    """Instants (kind, at, words) and stretches (state, from, to, reason) of one bot, by time."""

    events: tuple[tuple[str, datetime, str], ...] = ()
    states: tuple[tuple[str, datetime, datetime, str], ...] = ()


def read_marks(connection: duckdb.DuckDBPyConnection, bot: str, window: Window) -> Marks:
    """The marks of a bot within a window; reads the temp table `report_states`."""
    values = {"bot": bot, "since": window.since, "until": window.until}
    events = connection.execute(_EVENTS, values).fetchall()
    states = connection.execute(_STATES, {"bot": bot, "all_checks": ALL}).fetchall()
    return Marks(tuple(events), tuple(states))


def mark_layers(marks: Marks, window: Window, sheet: Sheet) -> list[Any]:
    """Hairlines with a letter at the top; above the plot a strip, high where it is bad."""
    return [*_strip(marks, window, sheet), *_lines(marks, window, sheet)]


def _strip(marks: Marks, window: Window, sheet: Sheet) -> list[Any]:
    layers: list[Any] = []
    for state, (top, bottom, tint) in _STRIP.items():
        rows = [
            {"from": milliseconds(start), "to": milliseconds(end), "tip": _tip(state, start, why)}
            for one, start, end, why in marks.states
            if one == state
        ]
        if rows:
            look: dict[str, Any] = {
                "fill": tint,
                "stroke": tint,
                "strokeWidth": 0.6,
                "y": top,
                "y2": bottom,
            }
            chart = alt.Chart(table_of(rows)).mark_rect(**look)
            place = time_axis("from", window, sheet)
            layers.append(chart.encode(place, x2="to:Q", description="tip:N"))
    return layers


def _tip(state: str, start: datetime, why: str) -> str:
    return f"all checks: {state} from {start:%d %b %H:%M:%S}Z" + (f", {why}" if why else "")


def _lines(marks: Marks, window: Window, sheet: Sheet) -> list[Any]:
    y = 5 if marks.states else -6  # beside the strip, else above the lanes
    layers: list[Any] = []
    for kind, letter in _LETTERS.items():
        rows = [
            {
                "at": milliseconds(at),
                "words": letter,
                "tip": f"{kind} {at:%d %b %H:%M:%S}Z, {words}",
            }
            for at, words in _apart(marks, kind, window, sheet)
        ]
        if rows:
            chart = alt.Chart(table_of(rows))
            line = chart.mark_rule(color=colour.SOFT, strokeWidth=1, strokeDash=[2, 3])
            words = chart.mark_text(
                color=colour.SOFT, fontSize=sheet.font - 2, fontWeight="bold", dx=5, y=y, aria=False
            )
            at = time_axis("at", window, sheet)
            layers.append(line.encode(at, description="tip:N"))
            layers.append(words.encode(at, text="words:N"))
    return layers


def _apart(marks: Marks, kind: str, window: Window, sheet: Sheet) -> Sequence[tuple[datetime, str]]:
    least = (window.until - window.since) * (_APART_PIXELS / sheet.inner)
    kept: list[tuple[datetime, str]] = []
    for one, at, words in marks.events:
        if one == kind and (not kept or at - kept[-1][0] > least):
            kept.append((at, words))
    return kept


def mark_kinds(marks: Marks) -> list[tuple[str, str]]:
    """What a legend says of them: shape and words."""
    kinds = {kind for kind, _, _ in marks.events}
    words = {"restart": "R restart", "config": "C config change"}
    told = [("rule", words[kind]) for kind in _LETTERS if kind in kinds]
    return told + ([("strip", "above the plot: verdict of all checks")] if marks.states else [])
