"""Messages to a real HTTP target on this machine."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ingest import Settings, load_settings
from ingest.errors import UsageError, WatchhouseError
from watchhouse.incidents import Incident
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


class Sink:
    """Takes messages as JSON, or answers with an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[dict[str, str]] = []
        self.answer = 200

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
        announce(settings, targets, [state], NOON + timedelta(minutes=minute))
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
        announce(settings, targets, [OPEN], NOON)
    assert "secret" not in f"{failed.value.message} {failed.value.hint}"
    sink.answer = 200
    announce(settings, targets, [OPEN], NOON + timedelta(minutes=1))
    announce(settings, targets, [OPEN], NOON + timedelta(minutes=2))
    assert len(sink.got) == 1


def test_what_was_over_before_the_first_time_is_not_told(settings: Settings, sink: Sink) -> None:
    targets = Targets((sink.url,))
    assert not announce(settings, targets, [ENDED], NOON + timedelta(hours=1))
    short_one = replace(ENDED, incident_id="ff", opened_at=NOON + timedelta(hours=1, seconds=30))
    announce(settings, targets, [ENDED, short_one], NOON + timedelta(hours=2))
    assert sink.titles == ["ENDED main: nav jumped"], "it came and went between two messages"


def test_a_silenced_incident_is_not_told_until_the_silence_ends(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,))
    quiet = replace(OPEN, silenced_until=NOON + timedelta(hours=1))
    announce(settings, targets, [quiet], NOON)
    assert not sink.got
    announce(settings, targets, [quiet], NOON + timedelta(hours=2))
    assert len(sink.got) == 1


def test_beyond_the_rate_what_is_new_comes_in_one_message_later(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url,), most_per_hour=2)
    many: list[Incident] = []
    for minute in range(5):
        many.append(replace(OPEN, incident_id=str(minute), check_name=f"fault_{minute}"))
        announce(settings, targets, many, NOON + timedelta(minutes=minute))
    assert len(sink.got) == 2
    announce(settings, targets, many, NOON + timedelta(minutes=61))
    assert sink.titles[2] == "WARN main: fault 2 (and 2 more)"


def test_a_torn_line_of_the_journal_changes_nothing(settings: Settings, sink: Sink) -> None:
    targets = Targets((sink.url,))
    announce(settings, targets, [OPEN], NOON)
    file = next(settings.folder("journal").glob("notices*.jsonl"))
    with file.open("a") as lines:
        lines.write('{"what": "announced", "sta\n')
    assert not announce(settings, targets, [OPEN], NOON + timedelta(minutes=1))


def test_urls_take_their_secrets_from_the_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(settings, notify={"urls": ["tgram://${BOT_TOKEN}/1"]})
    with pytest.raises(UsageError, match="BOT_TOKEN"):
        read_targets(asked)
    monkeypatch.setenv("BOT_TOKEN", "123")
    assert read_targets(asked).urls == ("tgram://123/1",)


@pytest.mark.parametrize("table", [{"url": "x"}, {"urls": "json://x"}, 3])
def test_settings_that_nothing_reads_are_refused(settings: Settings, table: object) -> None:
    with pytest.raises(UsageError, match="notify"):
        read_targets(replace(settings, notify=table))


def test_a_target_that_fails_is_told_by_its_number_and_costs_the_others_nothing(
    settings: Settings, sink: Sink
) -> None:
    targets = Targets((sink.url, "nothing://secret"))
    for minute in range(3):
        with pytest.raises(WatchhouseError) as refused:
            announce(settings, targets, [OPEN], NOON + timedelta(minutes=minute))
        assert "URL 2" in refused.value.message and "secret" not in refused.value.message
    assert len(sink.got) == 1


def test_a_dead_mans_switch_that_is_not_there_is_told(sink: Sink) -> None:
    ping(Targets(ping_url=sink.url.replace("json:", "http:")))
    with pytest.raises(WatchhouseError, match="ping URL"):
        ping(Targets(ping_url="http://127.0.0.1:1/secret"))
