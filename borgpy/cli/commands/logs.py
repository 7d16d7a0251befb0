"""`borgcfg logs`: what tasks wrote; of several tasks line by line, each with the task's index before it."""

import asyncio
import sys
from typing import BinaryIO

import click

from borgpy.cli.complete import complete_job
from borgpy.cli.connection import connect
from borgpy.cli.names import parse_target
from borgpy.cli.options import Options, command
from borgpy.client.borgmaster import BorgmasterClient, LogStream
from borgpy.errors import InvalidConfig, NotFound
from borgpy.model.names import JobKey

MOST_TASKS = 50
"""Each task is a stream of its own through the Borgmaster, and nobody reads more at once."""

LONGEST_LINE = 1024 * 1024


@command(
    "logs",
    parameters=[
        click.argument("job", metavar="JOB[/3]", shell_complete=complete_job),
        click.option("-f", "--follow", is_flag=True, help="Go on as the task writes."),
        click.option("--tail", type=click.IntRange(0), help="Only the last so many lines."),
        click.option("--stderr", is_flag=True, help="What went to stderr instead of stdout."),
        click.option(
            "--incarnation",
            type=click.IntRange(0),
            default=0,
            help="An earlier run, by its number; else the newest.",
        ),
    ],
)
async def logs(
    options: Options, job: str, follow: bool, tail: int | None, stderr: bool, incarnation: int
) -> None:
    """What tasks wrote, also dead ones."""
    target = parse_target(job)
    which = LogStream("stderr" if stderr else "stdout", tail, follow, incarnation)
    async with connect(options, target.cell) as connection:
        key = target.key(connection.user)
        client = connection.client
        indexes = target.indexes
        if indexes is None:
            indexes = tuple(range((await client.job(key)).spec.replicas))
        if len(indexes) > MOST_TASKS:
            raise InvalidConfig(
                f"{key} has {len(indexes):,} tasks; logs shows {MOST_TASKS} at once",
                hint=f"say which: {key}/0 or {key}/0-4",
            )
        if len(indexes) == 1:
            async for chunk in client.logs(key, indexes[0], which):
                _write(sys.stdout.buffer, chunk)
            return
        width = len(str(max(indexes)))
        await asyncio.gather(*(_prefixed(client, key, index, which, width) for index in indexes))


async def _prefixed(
    client: BorgmasterClient, key: JobKey, index: int, which: LogStream, width: int
) -> None:
    before, rest = f"[{index:>{width}}] ".encode(), b""
    try:
        async for chunk in client.logs(key, index, which):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                whole, rest = [*whole, rest], b""
            for line in whole:
                _write(sys.stdout.buffer, before + line + b"\n")
    except NotFound as error:  # one task that wrote nothing yet does not hide the others
        click.echo(f"{before.decode()}{error.message}", err=True)
    if rest:
        _write(sys.stdout.buffer, before + rest + b"\n")


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
