"""Every question of docs/sql-cookbook.md is answered on a bot with troubles, column by column."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sick_bot import SickBot

from ingest.settings import load_settings
from watchhouse.query.engine import Limits, open_locked
from watchhouse.query.guard import one_question

PAGE = (Path(__file__).parents[2] / "docs" / "sql-cookbook.md").read_text()


@dataclass(frozen=True)
class Question:
    number: int
    title: str
    query: str
    words: str


def questions() -> list[Question]:
    found = []
    for section in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        title, text = section.split("\n## ")[0].split("\n", 1)
        number, title = title.split(". ", 1)
        words, query, meaning = re.split(r"```(?:sql)?\n", text)
        found.append(Question(int(number), title, query, words + meaning))
    return found


QUESTIONS = questions()


def test_there_are_twenty_five_questions_in_order() -> None:
    assert [question.number for question in QUESTIONS] == [*range(1, 26)]
    assert all(question.title.endswith("?") for question in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: f"{q.number:02}")
def test_each_question_is_answered_and_each_column_described(
    question: Question, sick: SickBot
) -> None:
    with open_locked(load_settings(sick.home), Limits()) as connection:
        (statement,) = one_question(connection, question.query)
        result = connection.execute(statement)
        columns = [column[0] for column in result.description]
        rows = result.fetchall()
    assert rows
    named = {*re.findall(r"`([^`]+)`", question.words)}
    assert set(columns) - named == set()
    values = dict(zip(columns, zip(*rows, strict=True), strict=True))
    assert [name for name, found in values.items() if set(found) == {None}] == []


def test_answers_tell_what_happened_to_the_bot(sick: SickBot) -> None:
    """A registry lost with positions open, a storm of refusals, a spike of NAV, a torn file."""
    answers = {}
    with open_locked(load_settings(sick.home), Limits()) as connection:
        for question in QUESTIONS:
            answers[question.number] = connection.execute(question.query).fetchall()
    assert {row[1]: row[5] for row in answers[4]}["symbol_cap"] > 20
    assert any(abs(step_pct) > 100 for _, _, _, _, _, step_pct, _ in answers[16])
    [(_, published_pct, _, true_pct, published_peak, true_peak)] = answers[18]
    assert (true_pct < 1, published_pct > 50) == (True, True)
    assert published_peak > 2 * true_peak
    assert all(usd_minutes > 1000 for _, _, usd_minutes, _, _ in answers[19])
    assert ("main", "positions_state") in {row[:2] for row in answers[24]}


def test_every_mart_and_column_carries_its_description(sick: SickBot) -> None:
    query = """
        select table_name, '' from duckdb_tables()
        where schema_name = 'main' and coalesce(comment, '') = ''
        union all
        select table_name, column_name from duckdb_columns()
        where schema_name = 'main' and not internal and coalesce(comment, '') = ''
        """
    with open_locked(load_settings(sick.home), Limits()) as connection:
        assert connection.execute(query).fetchall() == []


def test_the_program_of_the_page_reads_the_published_file(
    sick: SickBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sick.home)
    Path("var").symlink_to(sick.home)
    found: dict[str, Any] = {}
    try:
        exec(PAGE.split("```python\n")[1].split("```")[0], found)
    finally:
        Path("var").unlink()
    assert found["table"].num_rows > 100
