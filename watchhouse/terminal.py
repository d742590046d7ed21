"""What only a terminal gets: colour on stdout, a progress bar on stderr."""

# ruff: noqa: PLC0415  (rich is imported only where it is used: on a terminal)

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click

T = TypeVar("T")
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


def progress(label: str) -> Callable[[Sequence[T]], Iterator[T]]:
    """Iterate with a bar on stderr when that is a terminal, plainly otherwise."""

    def tracked(items: Sequence[T]) -> Iterator[T]:
        if not sys.stderr.isatty():
            yield from items
            return
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)
        yield from track(items, description=label, console=console, transient=True)

    return tracked
