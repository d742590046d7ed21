"""Values as people read them: grouped digits, units, short times."""

from datetime import datetime
from typing import Any

from watchhouse.instant import short
from watchhouse.verdict import plain

_UNITS = (("usd", "USD"), ("pct", "%"), ("seconds", "s"), ("bytes", "bytes"))
_DAY = 86400


def figure(value: Any, unit: str) -> str:
    """A figure with its unit: `10,009.36 USD`, `0.02 %`, `37 orders`, `3 h 19 min`."""
    if value is None:
        return "unknown"
    if unit == "seconds":
        return duration(float(value))
    text = number(float(value), 2 if unit in ("USD", "%") else 0)
    return f"{text} {unit.removesuffix('s') if text == '1' else unit}"


def share(value: float | None) -> str:
    """A share of time as per cent: `all of it`, `98 %`, `none of it`."""
    if value is None:
        return "unknown"
    if value <= 0 or value >= 0.9995:
        return "all of it" if value > 0 else "none of it"
    return f"{min(max(100 * value, 0.1), 99.9):.3g} %"


def duration(seconds: float) -> str:
    """The two largest parts of a duration, rounded down: `3 h 19 min`."""
    parts = ((_DAY, "d"), (3600, "h"), (60, "min"), (1, "s"))
    rest = int(seconds)
    said: list[str] = []
    for size, word in parts:
        count, rest = divmod(rest, size)
        if count or said:
            said.append(f"{count} {word}" if count else "")
    return " ".join(filter(None, said[:2])) or "none"


def number(value: float, digits: int) -> str:
    """Digits in groups of three, no minus zero."""
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def measured(value: Any, column: str) -> str:
    """A value with the unit that its column names, durations in words."""
    if value is None:
        return "no data"
    if column.endswith("_seconds"):
        return duration(float(value))
    if column.endswith("_ratio"):
        return f"{100 * float(value):.3g} %"
    unit = next((f" {unit}" for suffix, unit in _UNITS if column.endswith(f"_{suffix}")), "")
    return cell(value, column) + unit


def cell(value: Any, column: str) -> str:
    """A value of a table; two digits for USD and per cent, up to four where they are small."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return "still" if value.year == 9999 else short(value.replace(microsecond=0))
        case int():
            return f"{value:,}"
        case float():
            fixed = column.removesuffix("_before").endswith(("_usd", "_pct"))
            return number(value, 2) if fixed or abs(value) >= 100 else f"{value:.4g}"
        case _:
            return str(plain(value))


def sentence(name: str, severity: str = "") -> str:
    """The name of a check as the words it is made of, a capital first.

    A check that waits for a recovery says with severity info that it came.
    """
    words = name.replace("_", " ")
    if severity == "info":
        words = words.replace(" has not ", " has ").replace(" have not ", " have ")
    return capital(words)


def capital(text: str) -> str:
    """The text with its first letter large, the rest as it was."""
    return text[:1].upper() + text[1:]


def heading(column: str) -> str:
    """A column's name as a table's head says it, its unit in brackets."""
    if column.endswith("_before"):
        return "before"
    for suffix, unit in _UNITS:
        if column.endswith(f"_{suffix}"):
            return f"{column[: -len(suffix) - 1].replace('_', ' ')} ({unit})"
    name = column.removesuffix("_at").replace("_", " ")
    return f"{name} (UTC)" if column.endswith("_at") else name
