"""`borgcfg events`: what happened in the cell, as it happens with -f."""

from functools import partial

import click

from borgpy.cli.complete import complete_job
from borgpy.cli.connection import connect
from borgpy.cli.names import parse_target
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import moment, printable, show_line
from borgpy.model.api import EventView
from borgpy.model.events import Answered
from borgpy.model.refusal import Accepted


@command(
    "events",
    parameters=[
        click.argument(
            "job", required=False, default="", metavar="[JOB]", shell_complete=complete_job
        ),
        click.option("-f", "--follow", is_flag=True, help="Go on until interrupted."),
        click.option(
            "--after", type=click.IntRange(0), default=0, help="Only what came after this sequence."
        ),
        click.option("--limit", type=click.IntRange(1), help="At most so many."),
    ],
)
async def events(options: Options, job: str, follow: bool, after: int, limit: int | None) -> None:
    """What happened in the cell, or to a job. With -v also which requests were accepted."""
    target = parse_target(job) if job else None
    async with connect(options, target.cell if target else "") as connection:
        key = target.key(connection.user) if target else None
        found = connection.client.events(after=after, job=key, follow=follow, limit=limit or 0)
        async for event in found:
            if options.output is Output.TABLE and not options.verbose and is_routine(event):
                continue
            if options.output is Output.NAME:
                click.echo(event.seq)
            else:
                show_line(options, event, partial(_line, event, options.utc))


def is_routine(event: EventView) -> bool:
    """Whether the event says only that a request was accepted; what came of it is an event of its own."""
    return isinstance(event.event, Answered) and isinstance(event.event.outcome, Accepted)


def _line(event: EventView, utc: bool) -> str:
    return f"{moment(event.at, utc=utc)}  {event.seq:>6}  {printable(event.text)}"
