"""Messages to a real HTTP target on this machine."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import duckdb
import pytest
from small_disk import leave, small_disk

from ingest import Settings, load_settings
from ingest.errors import UsageError, WatchhouseError
from watchhouse import journal
from watchhouse.catalog import Catalog, Check
from watchhouse.incidents import Incident
from watchhouse.news import Topic, of_doubts, of_incidents, proof_of
from watchhouse.notify import Targets, announce, ping, read_targets

NOON = datetime(2026, 3, 10, 12)
OPEN = Incident(
    incident_id="ab12cd34",
    bot="main",
    check_name="nav_jumped",
    severity="warn",
    reason="NAV rose by 56 %",
    is_open=True,
    since_at=NOON - timedelta(minutes=2),
    opened_at=NOON - timedelta(minutes=1),
    last_seen_at=NOON,
    ended_at=None,
    lasted_seconds=120,
    is_late=False,
    seen_before_count=0,
    previous_id=None,
    is_reopened=False,
    acked_by=None,
    ack_reason=None,
    acked_until=None,
    silenced_by=None,
    silence_reason=None,
    silenced_until=None,
)
WORSE = replace(OPEN, severity="crit")
ENDED = replace(WORSE, is_open=False, ended_at=NOON + timedelta(minutes=5), lasted_seconds=420)


def topics(*incidents: Incident, at: datetime = NOON) -> list[Topic]:
    return [*of_incidents(incidents, at)]


class Sink:
    """Takes messages as JSON, or answers with an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[dict[str, str]] = []
        self.answer = 200
        self.then: Callable[[], object] = bool

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.got]


@pytest.fixture
def sink() -> Iterator[Sink]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if taken.answer == 200 and body:
                taken.got.append(json.loads(body))
                taken.then()
            self.send_response(taken.answer)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        taken = Sink(f"json://127.0.0.1:{server.server_port}/secret")
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield taken
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load_settings(tmp_path / "home")
    made.make_home()
    return made


def test_an_incident_is_told_once_when_it_opens_worsens_and_ends(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,))
    for minute, state in enumerate([OPEN, OPEN, WORSE, WORSE, OPEN, ENDED, ENDED]):
        announce(settings, targets, topics(state), NOON + timedelta(minutes=minute))
    assert sink.titles == [
        "WARN main: nav jumped",
        "CRIT (was warn) main: nav jumped",
        "ENDED main: nav jumped",
    ]
    assert "NAV rose by 56 %" in sink.got[0]["message"]
    assert "12:05Z, after 7 min" in sink.got[2]["message"]


def test_what_a_target_did_not_take_is_sent_the_next_time(settings: Settings, sink: Sink) -> None:
    targets = Targets((sink.url,))
    sink.answer = 500
    with pytest.raises(WatchhouseError) as failed:
        announce(settings, targets, topics(OPEN), NOON)
    assert "secret" not in f"{failed.value.message} {failed.value.hint}"
    sink.answer = 200
    announce(settings, targets, topics(OPEN), NOON + timedelta(minutes=1))
    announce(settings, targets, topics(OPEN), NOON + timedelta(minutes=2))
    assert len(sink.got) == 1


def test_what_was_over_before_the_first_time_is_not_told(settings: Settings, sink: Sink) -> None:
    targets = Targets((sink.url,))
    assert not announce(settings, targets, topics(ENDED), NOON + timedelta(hours=1))
    short_one = replace(ENDED, incident_id="ff", opened_at=NOON + timedelta(hours=1, seconds=30))
    announce(settings, targets, topics(ENDED, short_one), NOON + timedelta(hours=2))
    assert sink.titles == ["ENDED main: nav jumped"], "it came and went between two messages"


def test_a_silenced_incident_is_not_told_until_the_silence_ends(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,))
    quiet = replace(OPEN, silenced_until=NOON + timedelta(hours=1))
    announce(settings, targets, topics(quiet), NOON)
    assert not sink.got
    announce(settings, targets, topics(quiet), NOON + timedelta(hours=2))
    assert len(sink.got) == 1


def test_beyond_the_rate_what_is_new_comes_in_one_message_later(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,), most_per_hour=2)
    many: list[Incident] = []
    for minute in range(5):
        many.append(replace(OPEN, incident_id=str(minute), check_name=f"fault_{minute}"))
        announce(settings, targets, topics(*many), NOON + timedelta(minutes=minute))
    assert len(sink.got) == 2
    announce(settings, targets, topics(*many), NOON + timedelta(minutes=61))
    assert sink.titles[2] == "WARN main: fault 2 (and 2 more)"


def test_a_torn_line_of_the_journal_changes_nothing(settings: Settings, sink: Sink) -> None:
    targets = Targets((sink.url,))
    announce(settings, targets, topics(OPEN), NOON)
    file = next(settings.folder("journal").glob("notices-told-*.jsonl"))
    with file.open("a") as lines:
        lines.write('{"what": "announced", "sta\n')
    assert not announce(settings, targets, topics(OPEN), NOON + timedelta(minutes=1))


def test_urls_take_their_secrets_from_the_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(settings, notify={"urls": ["tgram://${BOT_TOKEN}/1"]})
    with pytest.raises(UsageError, match="BOT_TOKEN"):
        read_targets(asked)
    monkeypatch.setenv("BOT_TOKEN", "123")
    assert read_targets(asked).urls == ("tgram://123/1",)


@pytest.mark.parametrize(
    "table",
    [
        {"url": "x"},
        {"urls": "json://x"},
        {"urls": [3]},
        {"most_per_hour": "many"},
        {"night": "22-7"},
        {"night": "22:00-24:30"},
        {"unknown_minutes": 0},
        3,
    ],
)
def test_settings_that_nothing_reads_are_refused(settings: Settings, table: object) -> None:
    with pytest.raises(UsageError, match="notify"):
        read_targets(replace(settings, notify=table))


def test_a_target_that_fails_is_told_by_its_number_and_costs_the_others_nothing(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url, "nothing://secret"))
    for minute in range(3):
        with pytest.raises(WatchhouseError) as refused:
            announce(settings, targets, topics(OPEN), NOON + timedelta(minutes=minute))
        assert "URL 2" in refused.value.message and "secret" not in refused.value.message
    assert len(sink.got) == 1


def test_a_dead_mans_switch_that_is_not_there_is_told(sink: Sink) -> None:
    ping(Targets(ping_url=sink.url.replace("json:", "http:")))
    with pytest.raises(WatchhouseError, match="ping URL"):
        ping(Targets(ping_url="http://127.0.0.1:1/secret"))


def test_an_acknowledged_incident_is_not_told_but_its_worsening_is(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,))
    known = replace(OPEN, acked_until=NOON + timedelta(days=1))
    for minute, state in enumerate([known, known, replace(known, severity="crit"), ENDED]):
        announce(settings, targets, topics(state), NOON + timedelta(minutes=minute))
    assert sink.titles == ["CRIT (was warn) main: nav jumped", "ENDED main: nav jumped"]


def test_what_came_and_went_in_a_silence_is_never_told(settings: Settings, sink: Sink) -> None:
    targets = Targets((sink.url,))
    announce(settings, targets, [], NOON - timedelta(hours=1))
    quiet = replace(ENDED, silenced_until=NOON + timedelta(hours=1))
    announce(settings, targets, topics(quiet), NOON + timedelta(minutes=10))
    announce(settings, targets, topics(quiet), NOON + timedelta(hours=2))
    assert not sink.got


def test_at_night_only_what_is_critical_is_told_and_the_rest_in_the_morning(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,), night="22:00-07:00")
    night = NOON + timedelta(hours=11)
    other = replace(WORSE, incident_id="c", check_name="exits_stalled")
    announce(settings, targets, topics(OPEN, other), night)
    assert sink.titles == ["CRIT main: exits stalled"]
    announce(settings, targets, topics(OPEN, replace(other, is_open=False, ended_at=night)), night)
    assert len(sink.got) == 1
    announce(settings, targets, topics(OPEN, other), NOON + timedelta(hours=19))
    assert sink.titles[1:] == ["WARN main: nav jumped"]


def test_a_clock_set_back_announces_nothing_twice(settings: Settings, sink: Sink) -> None:
    """What is seen an hour before its beginning begins then: the incident gets another id."""
    targets = Targets((sink.url,))
    announce(settings, targets, topics(OPEN), NOON)
    earlier = replace(OPEN, incident_id="ef", opened_at=NOON - timedelta(minutes=59))
    announce(settings, targets, topics(earlier), NOON - timedelta(minutes=59))
    assert len(sink.got) == 1
    over = replace(earlier, is_open=False, ended_at=NOON)
    announce(settings, targets, topics(over), NOON)
    announce(settings, targets, topics(replace(over, incident_id="gh")), NOON)
    assert sink.titles[1:] == ["ENDED main: nav jumped"]


def test_nothing_is_sent_that_could_not_be_remembered(
    settings: Settings, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "append", full)
    with pytest.raises(WatchhouseError, match="No space left"):
        announce(settings, Targets((sink.url,)), topics(OPEN), NOON)
    assert not sink.got


def test_a_disk_that_fills_while_a_message_goes_out_does_not_send_it_again(
    tmp_path: Path, sink: Sink
) -> None:
    with small_disk(tmp_path / "disk", 2):
        settings = load_settings(tmp_path / "disk" / "home")
        settings.make_home()
        many = [replace(OPEN, incident_id=f"{n}", check_name=f"fault_{n}") for n in range(200)]
        sink.then = lambda: leave(tmp_path / "disk", 0)
        announce(settings, Targets((sink.url,)), topics(*many[:100]), NOON)
        with pytest.raises(WatchhouseError, match="journal cannot be written"):
            announce(settings, Targets((sink.url,)), topics(*many), NOON)
        sink.then = bool
        leave(tmp_path / "disk", 1024)
        announce(settings, Targets((sink.url,)), topics(*many), NOON)
    assert sink.titles == [f"WARN main: fault {n} (and 99 more)" for n in (0, 100)]


def test_a_message_that_waits_is_queued_once(settings: Settings, sink: Sink) -> None:
    sink.answer = 500
    for minute in range(3):
        with pytest.raises(WatchhouseError):
            announce(settings, Targets((sink.url,)), topics(OPEN), NOON + timedelta(minutes=minute))
    (file,) = settings.folder("journal").glob("notices-told-*.jsonl")
    assert [json.loads(line)["what"] for line in file.read_text().splitlines()] == ["queued"]


def test_a_target_that_never_answers_is_given_up(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"json://127.0.0.1:{mute.getsockname()[1]}/?rto=0.1"
        with pytest.raises(WatchhouseError, match="URL 1"):
            announce(settings, Targets((url,)), topics(OPEN), NOON)


def test_an_old_announcement_needs_no_old_journal(settings: Settings, sink: Sink) -> None:
    """A target is known by the last line about it, however many came before."""
    targets = Targets((sink.url,))
    announce(settings, targets, topics(OPEN), NOON)
    (file,) = settings.folder("journal").glob("notices-told-*.jsonl")
    last = file.read_text().splitlines()[-1]
    file.write_text('{"what": "queued", "text": "long ago"}\n' * 40_000 + last + "\n")
    announce(settings, targets, topics(OPEN, ENDED), NOON + timedelta(days=30))
    assert len(sink.got) == 1 + 1


def test_an_end_is_told_with_the_proof_of_recovery() -> None:
    names = {
        "nav_jumped": (),
        "nav_has_not_settled": ("nav_jumped",),
        "exits_stalled": ("nav_jumped",),
    }
    checks = tuple(Check(n, "", None, None, (), by) for n, by in names.items())
    said = [
        {"check": "nav_has_not_settled", "bot": "main", "severity": "info", "reason": "10 steady"},
        {"check": "nav_has_not_settled", "bot": "spare", "severity": "info", "reason": "no"},
        {"check": "exits_stalled", "bot": "main", "severity": "info", "reason": "no"},
    ]
    doubt = json.dumps([{"check": "nav_jumped", "bot": "main", "why": "not read"}])
    with doubtful([0] * 9) as connection:
        connection.execute("alter table fct_check_runs add column findings varchar")
        connection.execute("update fct_check_runs set findings = ?", [json.dumps(said)])
        connection.execute(
            "update fct_check_runs set doubts = ? where occurred_at = ?",
            [doubt, NOON - timedelta(minutes=1)],
        )
        prove = proof_of(connection, Catalog(checks, {}, {}))
        over = replace(ENDED, ended_at=NOON - timedelta(minutes=4))
        (topic,) = of_incidents([over], NOON, prove)
        told = topic.sentence("crit")
    assert told.endswith("after 7 min; judged 4 times since and did not fire; 10 steady")


def doubtful(counts: list[int]) -> duckdb.DuckDBPyConnection:
    """One run of the checks per minute up to noon, with so many of 10 checks in doubt."""
    connection = duckdb.connect()
    connection.execute("create table fct_check_runs (occurred_at timestamp, doubts varchar)")
    for minute, count in enumerate(reversed(counts)):
        doubts = [{"check": f"c{n}", "bot": "main", "why": "not read"} for n in range(count)]
        row = [NOON - timedelta(minutes=minute), json.dumps(doubts)]
        connection.execute("insert into fct_check_runs values (?, ?)", row)
    return connection


@pytest.mark.parametrize(
    ("counts", "states"),
    [
        ([0, 1, 1, 1, 1], []),  # not yet for longer than the limit
        ([0, 1, 1, 1, 1, 1, 1, 1], ["unknown"]),
        ([1, 0, 1, 1, 1, 1, 1, 1, 1], ["unknown"]),
        ([1, 1, 1, 1, 1, 1, 1, 9], ["unknown"]),  # most of them, but only just now
        ([1, 1, 1, 9, 9, 9, 9, 9], ["blind"]),
        ([9, 9, 9, 9, 9, 9, 0], ["ended"]),
        ([0, 0, 0], []),
    ],
)
def test_what_cannot_be_judged_is_a_topic_once_it_lasts(
    counts: list[int], states: list[str]
) -> None:
    with doubtful(counts) as connection:
        found = [*of_doubts(connection, 10, timedelta(minutes=5), NOON)]
    assert [topic.state for topic in found] == states


def test_a_blindness_is_told_once_and_its_end_only_after_that(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,))
    for counts in ([9, 9, 0], [9] * 8, [9] * 9, [9] * 8 + [0], [9] * 8 + [0, 0]):
        with doubtful(counts) as connection:
            found = [*of_doubts(connection, 10, timedelta(minutes=5), NOON)]
        announce(settings, targets, found, NOON)
    assert sink.titles == [
        "UNKNOWN main: 9 of 10 checks cannot be judged",
        "ENDED main: checks could not be judged",
    ]
    assert "since 2026-03-10 11:53Z: not read" in sink.got[0]["message"]
