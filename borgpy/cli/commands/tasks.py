"""`borgcfg tasks` and `borgcfg why`."""

import click

from borgpy.cli.complete import complete_job
from borgpy.cli.connection import connect
from borgpy.cli.names import parse_target
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import Table, age, coloured, show
from borgpy.clock import SystemClock
from borgpy.errors import NotFound
from borgpy.model.api import TaskView, WhyView
from borgpy.model.lifecycle import Phase
from borgpy.model.names import task_key
from borgpy.model.resources import amount_text, bytes_text

FINE = (Phase.HEALTHY, Phase.FINISHED)


@command(
    "tasks", parameters=[click.argument("job", metavar="JOB[/0-4]", shell_complete=complete_job)]
)
async def tasks(options: Options, job: str) -> None:
    """The tasks of a job."""
    target = parse_target(job)
    async with connect(options, target.cell) as connection:
        key = target.key(connection.user)
        views = await connection.client.tasks(key)
    if target.indexes is not None:
        wanted = set(target.indexes)
        views = [view for view in views if view.index in wanted]
        if not views:
            raise NotFound(f"{key} has no such tasks")
    show(
        options,
        views,
        text=lambda: _table(views, wide=options.output is Output.WIDE) if views else "no tasks",
        names=lambda: [task_key(view.job, view.index) for view in views],
    )


@command("why", parameters=[click.argument("job", metavar="JOB[/3]", shell_complete=complete_job)])
async def why(options: Options, job: str) -> None:
    """Why a task is where it is, or what holds up a job."""
    target = parse_target(job)
    async with connect(options, target.cell) as connection:
        key = target.key(connection.user)
        if target.indexes is None:
            views = await connection.client.why(key)
        else:
            views = [
                view for index in target.indexes for view in await connection.client.why(key, index)
            ]
    now = SystemClock().now()
    held_up = [view for view in views if target.indexes is not None or view.phase not in FINE]
    said = "\n".join("\n".join(why_lines(view, now)) for view in held_up)
    show(
        options,
        views[0] if target.index() is not None else views,
        text=lambda: said or f"nothing holds up {key}: its tasks are healthy",
        names=lambda: [task_key(view.job, view.index) for view in views],
    )


def why_lines(view: WhyView, now: int) -> list[str]:
    """The reasons in sentences, the most important first, then what would help."""
    phase = view.phase.value.replace("_", " ")
    lines = [f"{view.job}/{view.index} {coloured(phase)} for {age(now - view.since)}"]
    lines += [f"  {sentence}" for sentence in view.sentences]
    if view.suggestions:
        lines.append("  would place it now:")
        lines += [f"    {suggestion}" for suggestion in view.suggestions]
    return lines


def _table(views: list[TaskView], *, wide: bool) -> Table:
    now = SystemClock().now()
    headings: tuple[str, ...] = (
        "TASK",
        "STATE",
        "SINCE",
        "MACHINE",
        "PID",
        "RESTARTS",
        "URL",
        "REASON",
    )
    rows = []
    for view in views:
        row = (
            str(view.index),
            view.phase.value.replace("_", " "),
            age(now - view.since),
            view.machine or "-",
            str(view.pid or "-"),
            str(view.restarts),
            view.url or "-",
            view.reason,
        )
        rows.append((*row[:-1], *_more(view), row[-1]) if wide else row)
    if wide:
        headings = (*headings[:-1], "CPU", "RAM", "DISK", "ALLOC", "MOVES", "BNS", headings[-1])
    return Table(headings, rows)


def _more(view: TaskView) -> tuple[str, ...]:
    if view.usage is None:
        used = ("-", "-", "-")
    else:
        usage = view.usage
        used = (amount_text("cpu", usage.cpu), bytes_text(usage.ram), bytes_text(usage.disk))
    return (*used, view.alloc or "-", str(view.evictions), view.bns)
