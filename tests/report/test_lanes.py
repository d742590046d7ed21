from datetime import datetime, timedelta
from pathlib import Path

from watchhouse.report.draw import draw
from watchhouse.report.lanes import LOOKS
from watchhouse.report.panel import Table, load_panels
from watchhouse.report.window import Window

START = datetime(2026, 3, 10)
STATES = ("not applicable", "unknown", "ok", "warn", "crit")


def test_five_states_are_told_apart_without_colour() -> None:
    looks = [(tall, str(look.get("strokeDash"))) for tall, look in LOOKS.values()]
    assert sorted(LOOKS) == sorted(STATES)
    assert len(set(looks)) == 5


def test_every_state_is_drawn_and_named_in_the_legend() -> None:
    panels = load_panels(Path(__file__).parents[2] / "reports" / "panels")
    panel = next(panel for panel in panels if panel.name.startswith("03_"))
    columns = ("lane", "state", "started_at", "ended_at", "subject", "reason")
    rows = [
        ("one check", state, START + timedelta(hours=n), START + timedelta(hours=n + 1), None, None)
        for n, state in enumerate(STATES)
    ]
    window = Window("5h", START, START, START + timedelta(hours=5))
    drawing = draw(panel, Table(columns, rows), [], window, "x")
    assert [key.shape for key in drawing.keys] == [*STATES]
    for svg in drawing.svgs:
        assert svg.count("<title>") == 5
