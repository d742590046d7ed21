"""The templates of pages: what they may call, and that whatever they print is text."""

from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from watchhouse.instant import iso, short
from watchhouse.report import colour, words


def render(project: Path, name: str, **values: object) -> str:
    """A page of `reports/` with its values; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(project / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "svg": Markup,
        "heading": words.heading,
        "figure": words.figure,
        "iso": iso,
        "said": words.sentence,
        "capital": words.capital,
        "cell": partial(words.cell, column=""),
        "share": words.share,
        "measured": words.measured,
        "short": lambda at: short(at and at.replace(microsecond=0)),
        "duration": lambda delta: words.duration(delta.total_seconds()),
    }
    hours = [f"{hour:02}" for hour in range(24)]
    environment.globals |= {"colour": colour, "zip": zip, "dict": dict, "hours": hours}
    return environment.get_template(name).render(**values)
