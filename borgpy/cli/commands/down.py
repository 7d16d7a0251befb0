"""`borgcfg down` and `borgcfg kill`: stop jobs, or some of their tasks."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from borgpy.cli.asked import EVALUATION_OPTIONS, asked
from borgpy.cli.asking import confirm_stop
from borgpy.cli.complete import complete_job
from borgpy.cli.connection import Connection, connect
from borgpy.cli.follow import LOOK_SECONDS, Detached, Following, until_ended
from borgpy.cli.names import Target, did_you_mean, parse_target
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import counted, show
from borgpy.cli.progress import progress_for
from borgpy.clock import SystemClock
from borgpy.errors import InvalidConfig, NotFound, TimedOut
from borgpy.model.api import JobView
from borgpy.model.lifecycle import TaskState
from borgpy.model.names import JobKey
from borgpy.model.refusal import Accepted

PATIENCE_SECONDS = 120.0
"""Tasks have a notice period before they are killed; ten minutes is the most that a job may ask for."""


@command(
    "down",
    parameters=[
        click.argument(
            "jobs",
            nargs=-1,
            required=True,
            metavar="JOB[/0-4]|FILE...",
            shell_complete=complete_job,
        ),
        click.option("--detach", is_flag=True, help="Do not wait until the tasks have ended."),
        click.option("--purge", is_flag=True, help="Forget the job once its tasks have ended."),
        *EVALUATION_OPTIONS,
    ],
    epilog="A job file stands for the jobs and alloc sets it declares. Tasks of jobs that run in an alloc set leave"
    " it, and wait until it is up again.",
)
async def down(options: Options, jobs: tuple[str, ...], detach: bool, purge: bool) -> None:
    """Stop jobs and alloc sets."""
    await _stop(options, _targets(jobs), detach=detach, purge=purge)


@command(
    "kill",
    parameters=[
        click.argument(
            "tasks", nargs=-1, required=True, metavar="JOB/3...", shell_complete=complete_job
        )
    ],
)
async def kill(options: Options, tasks: tuple[str, ...]) -> None:
    """Kill some tasks of a job; `up` brings them back."""
    targets = [parse_target(task) for task in tasks]
    for task, target in zip(tasks, targets, strict=True):
        if target.indexes is None:
            raise click.UsageError(f"{task} is a job: kill needs tasks, {task}/3; down stops a job")
    await _stop(options, targets, detach=True, purge=False)


def _targets(texts: Sequence[str]) -> list[Target]:
    targets = []
    for text in texts:
        if text == "-" or (text.endswith(".borg") and Path(text).is_file()):
            from borgpy.cli.declarations import Declared, read_job_file

            file = read_job_file(text, asked())
            declarations: list[Declared] = [*file.declarations, *file.allocs]
            # Alloc sets last: their jobs' tasks then end for good, and do not wait for other allocs.
            targets += [
                Target(declared.name, declared.user, declared.cell) for declared in declarations
            ]
        else:
            targets.append(parse_target(text))
    return targets


async def _stop(options: Options, targets: Sequence[Target], *, detach: bool, purge: bool) -> None:
    cells = {target.cell for target in targets if target.cell}
    if len(cells) > 1:
        raise InvalidConfig(f"these are in several cells: {', '.join(sorted(cells))}")
    async with connect(options, cells.pop() if cells else "") as connection:
        views = [await _look(connection, target) for target in targets]
        for target, view in zip(targets, views, strict=True):
            confirm_stop(options, view, _count(target, view))
        asked: list[JobKey] = []
        try:
            for target, view in zip(targets, views, strict=True):
                accepted = await connection.client.stop(
                    view.key, indexes=target.indexes, purge=purge
                )
                asked.append(view.key)
                _tell(options, target, view, accepted)
            if not detach:
                await _until_ended(options, connection, targets)
        except asyncio.CancelledError:
            text = f"detached; {', '.join(asked)} go on to end" if asked else "nothing was stopped"
            raise Detached(text) from None


async def _look(connection: Connection, target: Target) -> JobView:
    key = target.key(connection.user)
    try:
        return await connection.client.job(key)
    except NotFound as error:
        known = [view.key for view in await connection.client.jobs()]
        own = [name.removeprefix(f"{connection.user}/") for name in known]
        raise NotFound(f"there is no job {key}", hint=did_you_mean(target.job, own)) from error


def _count(target: Target, view: JobView) -> int:
    """How many tasks a stop would end."""
    if view.stopped:
        return 0
    wanted = view.spec.replicas
    if target.indexes is None:
        return wanted
    return sum(1 for index in target.indexes if index < wanted)


def _tell(options: Options, target: Target, view: JobView, accepted: Accepted) -> None:
    if options.output in (Output.JSON, Output.YAML, Output.NAME):
        show(options, accepted, text=lambda: "", names=lambda: [view.key])
    elif not options.quiet:
        already = view.stopped and not accepted.stopped
        noun = "alloc" if view.spec.is_alloc_set else "task"
        what = "was stopped already" if already else f"{counted(accepted.stopped, noun)} to end"
        if accepted.followed:
            what += f", and {counted(accepted.followed, 'task')} in them, which then wait for room"
        click.echo(f"{view.key}: {what}", err=True)


async def _until_ended(options: Options, connection: Connection, targets: Sequence[Target]) -> None:
    clock = SystemClock()
    deadline = clock.steady_seconds() + (options.timeout_seconds or PATIENCE_SECONDS)
    keys = [target.key(connection.user) for target in targets if target.indexes is None]
    views = [view for key in keys if (view := await _unless_forgotten(connection, key))]
    progress = progress_for(options, clock, is_terminal=sys.stderr.isatty())
    try:
        await until_ended(Following(connection.client, progress, clock, deadline), views)
    finally:
        progress.close()
    for target in targets:
        if target.indexes is not None:
            key = target.key(connection.user)
            while not await _are_dead(connection, key, set(target.indexes)):
                if clock.steady_seconds() > deadline:
                    raise TimedOut(f"tasks of {key} are still ending", hint="they go on to")
                await asyncio.sleep(LOOK_SECONDS)
    if not options.quiet:
        click.echo("all have ended", err=True)


async def _unless_forgotten(connection: Connection, key: JobKey) -> JobView | None:
    try:
        return await connection.client.job(key)
    except NotFound:
        return None


async def _are_dead(connection: Connection, key: JobKey, indexes: set[int]) -> bool:
    try:
        tasks = await connection.client.tasks(key)
    except NotFound:
        return True
    return all(task.state is TaskState.DEAD for task in tasks if task.index in indexes)
