"""`borgcfg up`: make jobs so, and stay until they are."""

import asyncio
import sys
from collections.abc import Sequence

import click
import msgspec

from borgpy.cli.asked import EVALUATION_OPTIONS, asked
from borgpy.cli.connection import Connection, connect_to, here
from borgpy.cli.contexts import known_contexts
from borgpy.cli.declarations import Submittable, alloc_sets, located, read_job_file, with_binaries
from borgpy.cli.follow import Detached, Following, TasksFailed, until_reached
from borgpy.cli.hosting import context_to_run_in
from borgpy.cli.invocation import own_command
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import show, show_line
from borgpy.cli.progress import Progress, Wait, progress_for
from borgpy.clock import SystemClock
from borgpy.errors import BorgError, InvalidConfig
from borgpy.model.api import JobView, TaskView
from borgpy.model.names import JobKey, split_job
from borgpy.model.refusal import Accepted

PATIENCE_SECONDS = 300.0
"""How long to wait without --timeout: enough for a slow start, and not for ever in somebody's script."""

MOST_URLS = 20

AFTER_ALLOCS = "not known before its alloc set is as the file says"


class Course(msgspec.Struct, frozen=True):
    """What was asked for besides the file."""

    wait: Wait
    verify: bool
    if_version: int | None


@command(
    "up",
    parameters=[
        click.argument("file", metavar="FILE", type=click.Path()),
        click.argument("jobs", nargs=-1, metavar="[JOB]..."),
        click.option(
            "--wait",
            type=click.Choice([wait.value for wait in Wait]),
            default="healthy",
            show_default=True,
            help="How far the jobs must have come.",
        ),
        click.option("--detach", is_flag=True, help="Do not wait: the same as --wait accepted."),
        click.option("--verify", is_flag=True, help="Then ask each task's URL for an answer."),
        click.option(
            "--if-version",
            type=click.IntRange(0),
            help="Only if the job has this version now; 0: only if there is none.",
        ),
        *EVALUATION_OPTIONS,
        click.option(
            "--dry-run",
            type=click.Choice(["client", "server"]),
            help="Change nothing: check the file (client), or have the cell check it (server).",
        ),
    ],
    epilog="FILE may be - for stdin. Without any cell, one is started on this machine.",
)
async def up(
    options: Options,
    file: str,
    jobs: tuple[str, ...],
    wait: str,
    detach: bool,
    verify: bool,
    if_version: int | None,
    dry_run: str | None,
) -> None:
    """Make jobs so: create them, change them, wait until they are healthy.

    Alloc sets of the file go first; with JOB those that it runs in.
    """
    if verify and (detach or wait in ("accepted", "placed")):
        raise click.UsageError("--verify asks running tasks: it needs --wait running or healthy")
    ready = _read(file, jobs)
    cell = _cell_of(ready, options)
    if dry_run == "client":
        specs = [job.spec(options.user or "you") for job in ready]
        show(
            options,
            specs,
            text=lambda: f"{file}: {len(specs)} jobs, nothing wrong",
            names=lambda: [spec.key for spec in specs],
        )
        return
    context = await context_to_run_in(options, cell)
    course = Course(Wait.ACCEPTED if detach else Wait(wait), verify, if_version)
    async with connect_to(options, context, cell) as connection:
        if dry_run == "server":
            for job in ready:
                await _upload(options, connection, job)
            for job, accepted in await _dry_all(connection, ready, if_version):
                told = f"would be accepted: {_changes(accepted)}" if accepted else AFTER_ALLOCS
                _tell(options, job, told)
            return
        await _carry_out(options, connection, ready, course)


def _read(name: str, jobs: Sequence[str]) -> list[Submittable]:
    """Alloc sets first: the jobs that run in them are refused before these are there."""
    file = read_job_file(name, asked())
    return [*alloc_sets(file, jobs), *with_binaries(file, jobs)]


def _cell_of(ready: Sequence[Submittable], options: Options) -> str:
    """The one cell that jobs and alloc sets ask for, empty if they leave it open."""
    cells = {job.declaration.cell for job in ready if job.declaration.cell}
    if len(cells) > 1:
        raise InvalidConfig(
            f"these jobs ask for several cells: {', '.join(sorted(cells))}",
            hint="say which jobs: borgcfg up FILE JOB",
        )
    cell = cells.pop() if cells else ""
    if cell and options.cell and cell != options.cell:
        raise InvalidConfig(f"the file asks for cell {cell!r}, and --cell says {options.cell!r}")
    return cell or options.cell


async def _carry_out(
    options: Options, connection: Connection, ready: Sequence[Submittable], course: Course
) -> None:
    submitted: list[JobKey] = []
    try:
        for job in ready:
            await _upload(options, connection, job)
        if len(ready) > 1:  # all or none, as far as one can know before
            await _dry_all(connection, ready, course.if_version)
        for job in ready:
            await _submit(options, connection, job, course, submitted)
        views = await _follow(options, connection, submitted, course)
        await _report(options, connection, views, course)
    except asyncio.CancelledError:
        raise Detached(_farewell(submitted, connection, len(ready))) from None


async def _dry_all(
    connection: Connection, ready: Sequence[Submittable], if_version: int | None
) -> list[tuple[Submittable, Accepted | None]]:
    """What the cell says of each, and nothing of a job whose alloc set is to be created or changed before it."""
    said: list[tuple[Submittable, Accepted | None]] = []
    moving: set[JobKey] = set()
    for job in ready:
        spec = job.spec(connection.user)
        if spec.alloc_key in moving:
            said.append((job, None))
            continue
        try:
            version = None if spec.is_alloc_set else if_version
            accepted = await connection.client.submit(spec, if_version=version, dry_run=True)
        except BorgError as error:
            raise located(job, error) from error.__cause__
        if spec.is_alloc_set and (accepted.created or accepted.restarted):
            moving.add(spec.key)
        said.append((job, accepted))
    return said


async def _upload(options: Options, connection: Connection, job: Submittable) -> None:
    """Bring the job's files into the package store; a cell says nothing of a job whose program it has not got."""
    for file in job.files:
        if file.path is not None and await connection.client.upload(file.package, file.path):
            _tell(options, job, f"uploaded {file.package.name}")


async def _submit(
    options: Options,
    connection: Connection,
    job: Submittable,
    course: Course,
    submitted: list[JobKey],
) -> None:
    spec = job.spec(connection.user)
    try:
        version = None if spec.is_alloc_set else course.if_version
        accepted = await connection.client.submit(spec, if_version=version)
    except BorgError as error:
        raise located(job, error) from error.__cause__
    submitted.append(spec.key)
    if options.output in (Output.JSON, Output.YAML):
        show_line(options, accepted, lambda: "")
    said = _changes(accepted)
    if not _moves_tasks(accepted) and await _is_news(connection, spec.key, accepted):
        said = f"version {accepted.version} accepted: its tasks stay as they are"
    _tell(options, job, said)


async def _is_news(connection: Connection, key: JobKey, accepted: Accepted) -> bool:
    """Whether the job was changed by what was accepted, though none of its tasks is."""
    return (await connection.client.job(key)).seq == accepted.seq


def _moves_tasks(accepted: Accepted) -> bool:
    return bool(accepted.created or accepted.restarted or accepted.stopped or accepted.followed)


def _changes(accepted: Accepted) -> str:
    """What a submission sets in motion."""
    counts = (
        (accepted.created, "to create"),
        (accepted.restarted, "to replace"),
        (accepted.stopped, "to stop"),
        (accepted.followed, "in its allocs to move"),
        (accepted.unchanged, "unchanged"),
    )
    if not _moves_tasks(accepted):
        return f"nothing to change, version {accepted.version} is in place"
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return f"version {accepted.version} accepted: {said}"


async def _follow(
    options: Options, connection: Connection, keys: Sequence[JobKey], course: Course
) -> list[JobView]:
    clock = SystemClock()
    views = [await connection.client.job(key) for key in keys]
    progress: Progress = progress_for(options, clock, is_terminal=sys.stderr.isatty())
    patience = options.timeout_seconds or PATIENCE_SECONDS
    following = Following(connection.client, progress, clock, clock.steady_seconds() + patience)
    try:
        return await until_reached(following, views, course.wait)
    finally:
        progress.close()


async def _report(
    options: Options, connection: Connection, views: Sequence[JobView], course: Course
) -> None:
    """The results on stdout, and how to go on from here on stderr."""
    for view in views:
        tasks = [] if course.wait is Wait.ACCEPTED else await connection.client.tasks(view.key)
        _print_urls(options, view, tasks)
        if course.verify and not view.spec.is_alloc_set:
            await _verify(options, view, tasks)
    if options.quiet or options.output not in (Output.TABLE, Output.WIDE):
        return
    own = own_command()
    for view in views:
        name = _short(view.key, connection)
        click.echo(
            f"{name}: {view.summary}\n"
            f"  look:  {own} status {name}"
            + ("\n" if view.spec.is_alloc_set else f"    {own} logs {name}\n")
            + f"  stop:  {own} down {name}"
            + (f"    {own} cell stop {connection.cell}" if connection.context.data else ""),
            err=True,
        )


def _print_urls(options: Options, view: JobView, tasks: Sequence[TaskView]) -> None:
    if options.output is Output.NAME:
        click.echo(view.key)
    elif options.output in (Output.TABLE, Output.WIDE):
        answering = [task for task in tasks if task.url]
        for task in answering[:MOST_URLS]:
            click.echo(f"{view.key}/{task.index}  {task.url}")
        rest = len(answering) - MOST_URLS
        if rest > 0 and not options.quiet:
            click.echo(f"and {rest:,} more: {own_command()} tasks {view.key}", err=True)


async def _verify(options: Options, view: JobView, tasks: Sequence[TaskView]) -> None:
    from borgpy.cli.verify import silent_tasks

    wanted = [task for task in tasks if task.index < view.spec.replicas]
    silent = await silent_tasks(wanted)
    if silent:
        lines = [f"  {task.job}/{task.index}: {reason}" for task, reason in silent[:MOST_URLS]]
        rest = [f"  and {len(silent) - MOST_URLS:,} more"] if len(silent) > MOST_URLS else []
        text = f"{len(silent):,} of {len(wanted):,} tasks of {view.key} did not answer:"
        raise TasksFailed("\n".join([text, *lines, *rest]))
    if not options.quiet:
        click.echo(f"all {len(wanted):,} tasks of {view.key} answered", err=True)


def _farewell(submitted: Sequence[JobKey], connection: Connection, wanted: int) -> str:
    if not submitted:
        return "interrupted; no job was known to be accepted, see borgcfg status"
    names = ", ".join(_short(key, connection) for key in submitted)
    goes_on = "keeps" if len(submitted) == 1 else "keep"
    rest = f"; {wanted - len(submitted)} more were not submitted" if wanted > len(submitted) else ""
    first = _short(submitted[0], connection)
    return f"detached; {names} {goes_on} running{rest}; follow with {own_command()} status {first}"


def _short(key: JobKey, connection: Connection) -> str:
    """A job as this user would write it."""
    user, name = split_job(key)
    if connection.cell and len(known_contexts(here())) > 1:
        return f"{connection.cell}/{key}"
    return name if user == connection.context.user else key


def _tell(options: Options, job: Submittable, text: str) -> None:
    if not options.quiet:
        click.echo(f"{job.declaration.name}: {text}", err=True)
