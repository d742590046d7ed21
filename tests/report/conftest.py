"""One page of the sick bot for all tests that only read it."""

from pathlib import Path

import pytest
from sick_bot import SickBot

from ingest.settings import load_settings
from watchhouse.catalog import open_published
from watchhouse.report.page import Report, make_report

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def page(sick: SickBot) -> Report:
    with open_published(load_settings(sick.home)) as connection:
        return make_report(connection, ROOT, "24h", sick.last_at, "main")
