"""What only a terminal gets: colour on stdout, a progress bar on stderr."""

# ruff: noqa: PLC0415  (rich is imported only where it is used: on a terminal)

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

_STYLES = {"CRIT": "bold red", "WARN": "yellow", "UNKNOWN": "magenta", "OK": "green"}


def print_lines(lines: Sequence[str]) -> None:
    """Print the screen; on a terminal the verdict words are coloured (NO_COLOR is respected)."""
    if not sys.stdout.isatty():
        click.echo("\n".join(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        text = Text(line)
        word = line.split(" ", 1)[0]
        text.stylize(_STYLES.get(word, ""), 0, len(word))
        console.print(text, soft_wrap=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, moved by calling it with (done, total); None where there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
