"""`borgcfg status`: how jobs are, in a sentence first, then in counts, then task by task where something is wrong."""

import click

from borgpy.cli.complete import complete_job
from borgpy.cli.connection import Connection, connect
from borgpy.cli.names import Pattern, parse_pattern, unknown
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import Table, age, coloured, printable, show
from borgpy.clock import SystemClock
from borgpy.model.api import JobView, TaskView
from borgpy.model.lifecycle import Phase
from borgpy.model.resources import amount_text
from borgpy.model.spec import AppClass

MOST_TASKS = 20
"""More tasks with a reason than this are counted; `borgcfg tasks` lists them all."""

MOST_NEIGHBOURS = 5
"""Tasks named for one alloc."""

FINE = (Phase.HEALTHY, Phase.FINISHED)


@command(
    "status",
    parameters=[
        click.argument(
            "job",
            required=False,
            default="",
            metavar="[KEY|PREFIX|GLOB]",
            shell_complete=complete_job,
        )
    ],
    epilog="Without an argument: all jobs of the user. Examples: hello_world, alice/web, 'web*'.",
)
async def status(options: Options, job: str) -> None:
    """How jobs and alloc sets are, worst first."""
    pattern = parse_pattern(job, "")
    async with connect(options, pattern.cell) as connection:
        views = await _selected(connection, job)
        if len(views) == 1 and job and not any(c in job for c in "*?["):
            await _one(options, connection, views[0])
            return
    views.sort(key=lambda view: (_is_fine(view), view.key))
    show(
        options,
        views,
        text=lambda: _table(views, wide=options.output is Output.WIDE) if views else "no jobs",
        names=lambda: [view.key for view in views],
    )


async def _selected(connection: Connection, text: str) -> list[JobView]:
    if not text:
        return await connection.client.jobs(connection.user)
    pattern: Pattern = parse_pattern(text, connection.user)
    views = {view.key: view for view in await connection.client.jobs()}
    keys = pattern.select(views)
    if not keys:
        raise unknown("job", text, [key.removeprefix(f"{connection.user}/") for key in views])
    return [views[key] for key in keys]


async def _one(options: Options, connection: Connection, view: JobView) -> None:
    if options.output in (Output.TABLE, Output.WIDE):
        tasks = await connection.client.tasks(view.key)
        for line in story(view, tasks, connection.cell):
            click.echo(line)
    else:
        show(options, view, text=lambda: "", names=lambda: [view.key])


def story(view: JobView, tasks: list[TaskView], cell: str) -> list[str]:
    """One job: a sentence, its counts, and what is to be known of single tasks."""
    priority = f"{view.band.value} {view.spec.priority}"
    where = f"{cell}/{view.key}" if cell else view.key
    lines = [
        f"{where}: {view.summary}",
        f"  version {view.version} by {view.by}, {priority}, {view.spec.replicas:,} wanted",
    ]
    lines += _own_words(view)
    counts = [f"{count:,} {coloured(_word(view, phase))}" for phase, count in view.phases.items()]
    if view.outdated:
        counts.append(f"{view.outdated:,} not at this version yet")
    if counts:
        lines.append("  " + ", ".join(counts))
    if view.spec.is_alloc_set:
        lines += _listed("allocs", [_alloc_line(task) for task in tasks if task.within])
    wrong = [task for task in tasks if task.phase not in FINE and _is_wanted(view, task)]
    wanting = "not placed" if view.spec.is_alloc_set else "not healthy"
    lines += _listed(wanting, [_task_line(task) for task in wrong])
    again = [task for task in tasks if task.phase in FINE and (task.restarts or task.evictions)]
    lines += _listed("healthy again", [_again_line(task) for task in again])
    return lines


def _alloc_line(task: TaskView) -> str:
    """One alloc: where it is, how much of it is taken, and by whom."""
    assert task.within is not None
    size, used = task.within.size.by_name(), task.within.used.by_name()
    amounts = ", ".join(
        f"{amount_text(name, used.get(name, 0))} of {amount_text(name, amount)}"
        for name, amount in size.items()
        if amount
    )
    inside = ", ".join(task.within.tasks[:MOST_NEIGHBOURS]) or "nobody"
    rest = len(task.within.tasks) - MOST_NEIGHBOURS
    more = f" and {rest:,} more" if rest > 0 else ""
    return f"{task.index} on {task.machine}: {amounts} used by {inside}{more}"


def _own_words(view: JobView) -> list[str]:
    """What a job says of itself, on a line of its own if it says anything."""
    said = [f"{name}={printable(value)}" for name, value in view.spec.labels.items()]
    if view.spec.task.appclass is AppClass.LATENCY_SENSITIVE:
        said.insert(0, "latency sensitive")
    if view.spec.alloc:
        said.insert(0, f"in alloc set {view.spec.alloc}")
    return [f"  {', '.join(said)}"] if said else []


def _is_wanted(view: JobView, task: TaskView) -> bool:
    return not view.stopped and task.index < view.spec.replicas


def _listed(heading: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    rest = len(lines) - MOST_TASKS
    more = [f"    and {rest:,} more"] if rest > 0 else []
    return [f"  {heading}:", *(f"    {line}" for line in lines[:MOST_TASKS]), *more]


def _task_line(task: TaskView) -> str:
    since = age(SystemClock().now() - task.since)
    reason = f": {printable(task.reason)}" if task.reason else ""
    on = f" on {task.machine}" if task.machine else ""
    on += f" in {task.alloc}" if task.alloc else ""
    return f"{task.index} {coloured(_words(task.phase.value))} for {since}{on}{reason}"


def _again_line(task: TaskView) -> str:
    said = []
    if task.restarts:
        times = "once" if task.restarts == 1 else f"{task.restarts:,} times"
        said.append(f"restarted {times} on {task.machine}{_last_exit(task)}")
    if task.evictions:
        said.append(f"moved {'once' if task.evictions == 1 else f'{task.evictions:,} times'}")
    reason = f": {printable(task.reason)}" if task.reason else ""
    return f"{task.index} {', '.join(said)}{reason}"


def _last_exit(task: TaskView) -> str:
    if task.exit_code is None:
        return ""
    if task.exit_code < 0:
        return f", last ended by signal {-task.exit_code}"
    return f", last exit status {task.exit_code}"


def _is_fine(view: JobView) -> bool:
    finished = view.phases.get(Phase.FINISHED.value, 0)
    return view.stopped or view.healthy + finished >= view.spec.replicas


def _table(views: list[JobView], *, wide: bool) -> Table:
    headings = ("JOB", "WANTED", "RUNNING", "HEALTHY", "PENDING", "BAND", "VERSION", "STATUS")
    rows = []
    for view in views:
        counts = (view.spec.replicas, view.running, view.healthy, view.pending)
        row = (view.key, *map(str, counts), view.band.value, str(view.version), view.summary)
        rows.append((*row, view.by, view.spec.task.package.digest[:12]) if wide else row)
    return Table((*headings, "BY", "PACKAGE") if wide else headings, rows)


def _word(view: JobView, phase: str) -> str:
    """An alloc runs nothing that could be healthy."""
    is_placed = view.spec.is_alloc_set and phase == Phase.HEALTHY.value
    return "placed" if is_placed else _words(phase)


def _words(phase: str) -> str:
    return phase.replace("_", " ")
