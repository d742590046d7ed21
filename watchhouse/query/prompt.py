"""The interactive prompt: history, completion, one question after another."""

import os
import sys
from pathlib import Path
from time import monotonic

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from ingest.errors import WatchhouseError
from watchhouse.catalog import read_provenance
from watchhouse.instant import iso
from watchhouse.query.ask import Asker
from watchhouse.query.engine import open_locked
from watchhouse.query.schema import SchemaCompleter, read_schema

_LEAVE = {"exit", "quit", "\\q"}


def converse(asker: Asker) -> None:
    """Answer what is typed until `exit` or Ctrl-D; Ctrl-C ends the line or the query, no more.

    Raises `WatchhouseError` when the warehouse does not open.
    """
    with open_locked(asker.settings, asker.limits) as connection:
        completer = SchemaCompleter(read_schema(connection))
        published = read_provenance(connection, asker.settings).published_at
    since = f", published {iso(published)}" if published else ""
    click.echo(f"{asker.settings.published_file}{since}", err=True)
    click.echo("A question ends with `;`. Tab completes, Ctrl-C cancels, Ctrl-D leaves.", err=True)
    session: PromptSession[str] = PromptSession(
        "sql> ",
        history=_history(),
        completer=completer,
        complete_while_typing=False,
        multiline=True,
        prompt_continuation="...> ",
        key_bindings=_keys(),
    )
    while (text := _typed(session)) is not None:
        if text:
            _answer(asker, text)


def _typed(session: PromptSession[str]) -> str | None:
    """What was typed, without its end; nothing for a line cancelled, None to leave."""
    try:
        text = session.prompt().strip().rstrip(";").strip()
    except KeyboardInterrupt:
        return ""
    except EOFError:
        return None
    return None if text.lower() in _LEAVE else text


def _answer(asker: Asker, text: str) -> None:
    started = monotonic()
    try:
        published = asker.ask(text, sys.stdout).published_at
    except KeyboardInterrupt:
        click.echo("cancelled", err=True)
    except WatchhouseError as error:
        click.echo(f"error: {error}", err=True)
    else:
        since = f", published {iso(published)}" if published else ""
        click.echo(f"{monotonic() - started:.2f} s{since}", err=True)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=Condition(_is_whole))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


def _is_whole() -> bool:
    text = get_app().current_buffer.text.strip()
    return not text or text.endswith(";") or text.lower() in _LEAVE


def _history() -> History:
    """Questions typed before, of this user on this machine; not in the home, which others read."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    file = Path(state) / "watchhouse" / "sql_history"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))
