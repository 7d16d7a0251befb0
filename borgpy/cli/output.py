"""Results on stdout: the API's own objects as JSON or YAML, names, or columns of text.

Columns are padded text rather than rich's tables: ten thousand rows must not take seconds, and `grep` reads them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from borgpy.cli.options import Options, Output
from borgpy.model.resources import MILLI, Resources, bytes_text

COLOURS = {
    "healthy": "green",
    "finished": "green",
    "up": "green",
    "running": "cyan",
    "starting": "cyan",
    "assigned": "cyan",
    "waiting": "yellow",
    "throttled": "yellow",
    "stopping": "yellow",
    "returning": "yellow",
    "backing off": "red",
    "unhealthy": "red",
    "failed": "red",
    "lost": "red",
    "killed": "magenta",
}
"""The colour of a state, beside its word and never instead of it."""


class Table(msgspec.Struct, frozen=True):
    """Rows of text under headings."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def show(
    options: Options,
    objects: Any,
    *,
    text: Callable[[], Table | str],
    names: Callable[[], Iterable[str]],
) -> None:
    """Print ``objects`` as asked: themselves, their ``names``, or the ``text`` for people."""
    match options.output:
        case Output.JSON:
            click.echo(msgspec.json.format(msgspec.json.encode(objects), indent=2))
        case Output.YAML:
            click.echo(msgspec.yaml.encode(objects), nl=False)
        case Output.NAME:
            for name in names():
                click.echo(name)
        case _:
            said = text()
            lines = columns(said, headers=options.headers) if isinstance(said, Table) else [said]
            for line in lines:
                click.echo(line)


def show_line(options: Options, thing: Any, text: Callable[[], str]) -> None:
    """Print one of many, as they come: a line of JSON, or one for people."""
    if options.output is Output.JSON:
        click.echo(msgspec.json.encode(thing))
    elif options.output is Output.YAML:
        click.echo(b"---\n" + msgspec.yaml.encode(thing), nl=False)
    else:
        click.echo(text())


def columns(table: Table, *, headers: bool) -> list[str]:
    """The rows as lines, each column as wide as its widest cell."""
    rows = [tuple(printable(cell) for cell in row) for row in table.rows]
    shown = [table.headings, *rows] if headers else rows
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = []
    for row in shown:
        padded = [
            coloured(cell, cell.ljust(width)) for cell, width in zip(row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def coloured(word: str, text: str = "") -> str:
    """``text`` in the colour of the state ``word``, if it is one."""
    colour = COLOURS.get(word)
    return click.style(text or word, fg=colour) if colour else text or word


def printable(text: str) -> str:
    """Without line breaks and control characters: what a task says must not move the reader's cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def share_text(name: str, used: Resources, limit: Resources | None) -> str:
    """How much of a resource is used: ``0.5 of 8`` cores, ``476.8 MiB of 32 GiB``; without a limit ``of any``."""

    def amount(of: Resources) -> str:
        count = of.by_name().get(name, 0)
        if name == "cpu":
            return f"{count / MILLI:g}"
        return bytes_text(count) if name in ("ram", "disk") else f"{count:,}"

    return f"{amount(used)} of {'any' if limit is None else amount(limit)}"


def counted(number: int, noun: str) -> str:
    """``1 task``, ``2,000 tasks``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def age(milliseconds: int) -> str:
    """How long: ``4s``, ``4m12s``, ``3h05m``, ``2d04h``."""
    seconds = max(0, milliseconds) // 1000
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 86400}d{seconds % 86400 // 3600:02d}h"


def moment(at: int, *, utc: bool) -> str:
    """When, in RFC 3339: local time with its offset, or UTC."""
    when = datetime.fromtimestamp(at / 1000, tz=UTC)
    text = (when if utc else when.astimezone()).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
