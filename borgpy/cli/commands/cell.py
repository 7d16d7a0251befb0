"""`borgcfg cell`: start a cell on this machine, stop it, look at it, save a checkpoint; and how it schedules."""

from pathlib import Path

import click
import msgspec

from borgpy.cli.commands.scheduling import config, passes
from borgpy.cli.connection import connect, connect_to, here
from borgpy.cli.contexts import (
    DEFAULT_CELL,
    Context,
    find_context,
    known_contexts,
    local_user,
    unknown_cell,
)
from borgpy.cli.embedded import Layout, read_record
from borgpy.cli.embedded_start import EmbeddedCell, borglet_process, borgmaster_process
from borgpy.cli.hosting import speaker, start_here
from borgpy.cli.options import Group, Options, Output, command
from borgpy.cli.output import share_text, show
from borgpy.clock import new_id
from borgpy.errors import BorgError, InvalidConfig, Unreachable
from borgpy.model.api import CellView
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.policy_text import NONE


class CellStanding(msgspec.Struct, frozen=True):
    """A cell as `borgcfg cell status -o json` prints it: its processes if it is on this machine, its view if it answers."""

    cell: str
    address: str
    user: str
    said_by: str
    data: str = ""
    logs: str = ""
    borgmaster_pid: int = 0
    borgmaster_alive: bool = False
    borglet_pid: int = 0
    borglet_alive: bool = False
    view: CellView | None = None
    trouble: str = ""


@click.group("cell", cls=Group)
def cell() -> None:
    """The cell itself: start one here, stop it, look at it, set by what policy it places tasks."""


@command(
    "start",
    parameters=[
        click.argument("name", required=False, default=""),
        click.option(
            "--simulate",
            type=click.IntRange(0),
            metavar="N",
            help="N simulated machines instead of this one; 0: this one again.",
        ),
        click.option(
            "--plugin",
            "plugins",
            multiple=True,
            metavar="NAME=MODULE:FUNCTION",
            help="Give the Borgmaster this plug-in from now on; may be repeated; none: no plug-ins again.",
        ),
    ],
)
async def start(
    options: Options, name: str, simulate: int | None, plugins: tuple[str, ...]
) -> None:
    """Start a cell on this machine, or what is missing of it."""
    around = here()
    wanted = name or options.cell or around.cell or _only_one_here() or DEFAULT_CELL
    if not is_name(wanted):
        raise InvalidConfig(f"{wanted!r} is no name for a cell", hint=NAME_RULE)
    given = tuple(plugin for plugin in plugins if plugin != NONE)
    context = await start_here(options, wanted, around, simulate, given if plugins else None)
    standing = await _standing(options, context)
    show(options, standing, text=lambda: "\n".join(_lines(standing)), names=lambda: [standing.cell])


@command(
    "stop",
    parameters=[
        click.argument("name", required=False, default=""),
        click.option("--keep-tasks", is_flag=True, help="Leave the tasks running."),
    ],
)
async def stop(options: Options, name: str, keep_tasks: bool) -> None:
    """Stop a cell of this machine and its tasks; the next start brings the jobs back."""
    context = _here(name or options.cell)
    assert context.data is not None, "_here gives cells of this machine only"
    user = context.user or local_user()
    await EmbeddedCell(context.data, user, speaker(options)).stop(keep_tasks=keep_tasks)
    if not options.quiet:
        left = "; its tasks run on" if keep_tasks else ""
        click.echo(f"cell {context.cell} is stopped{left}", err=True)


@command("status", parameters=[click.argument("name", required=False, default="")])
async def status(options: Options, name: str) -> None:
    """Where a cell is, whether it runs, and what it holds."""
    context = find_context(here(), name or options.cell)
    standing = await _standing(options, context)
    show(options, standing, text=lambda: "\n".join(_lines(standing)), names=lambda: [standing.cell])
    if standing.trouble:
        raise Unreachable(standing.trouble, hint=f"borgcfg cell start {context.cell}")


@click.group("checkpoint", cls=Group)
def checkpoint() -> None:
    """Copies of the cell's state, as Fauxmaster reads them."""


@command("save", parameters=[click.argument("file", type=click.Path(path_type=Path))])
async def save(options: Options, file: Path) -> None:
    """Write a checkpoint of the present state to FILE; one that is there is replaced, whole."""
    fresh = file.with_name(f".{file.name}.{new_id()}")
    try:
        async with connect(options) as connection:
            with fresh.open("xb") as output:
                async for chunk in connection.client.checkpoint():
                    output.write(chunk)
        size = fresh.stat().st_size
        fresh.replace(file)
    except OSError as error:
        raise BorgError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
    if options.output is Output.NAME:
        click.echo(file)
    elif not options.quiet:
        click.echo(f"{file}: {size:,} bytes", err=True)


checkpoint.add_command(save)
for verb in (start, stop, status, config, passes, checkpoint):
    cell.add_command(verb)


def _only_one_here() -> str:
    found = [name for name, context in known_contexts(here()).items() if context.data]
    return found[0] if len(found) == 1 else ""


def _here(name: str) -> Context:
    """A cell of this machine; the only one if none is named."""
    known = {n: c for n, c in known_contexts(here()).items() if c.data}
    wanted = name or here().cell or _only_one_here() or DEFAULT_CELL
    if wanted not in known:
        raise unknown_cell(wanted, known)
    return known[wanted]


async def _standing(options: Options, context: Context) -> CellStanding:
    view, trouble = None, ""
    try:
        async with connect_to(options, context) as connection:
            view = await connection.client.cell()
    except Unreachable as error:
        trouble = error.message
    standing = CellStanding(
        cell=view.cell if view else context.cell,
        address=context.address,
        user=context.user,
        said_by=context.said_by,
        view=view,
        trouble=trouble,
    )
    recorded = read_record(Layout(context.data)) if context.data else None
    if recorded is None:
        return standing
    return msgspec.structs.replace(
        standing,
        data=str(context.data),
        logs=str(Layout(Path(standing.said_by)).logs),
        borgmaster_pid=recorded.borgmaster_pid,
        borgmaster_alive=borgmaster_process(recorded).is_alive(),
        borglet_pid=recorded.borglet_pid,
        borglet_alive=borglet_process(recorded).is_alive(),
    )


def _lines(standing: CellStanding) -> list[str]:
    lines = [f"cell {standing.cell} at {standing.address or 'no address yet'}"]
    if standing.data:
        lines += [
            f"  borgmaster  {_process(standing.borgmaster_pid, standing.borgmaster_alive)}",
            f"  borglet     {_process(standing.borglet_pid, standing.borglet_alive)}",
            f"  data        {standing.data}",
            f"  logs        {standing.logs}",
        ]
    else:
        lines.append(f"  known from  {standing.said_by}")
    return [*lines, *(_view_lines(standing.view) if standing.view else [])]


def _process(pid: int, alive: bool) -> str:
    if not pid:
        return "stopped"
    return f"pid {pid}, running" if alive else f"pid {pid}, not running any more"


def _view_lines(view: CellView) -> list[str]:
    taken = ", ".join(
        f"{share_text(name, view.used, view.capacity)} {what}"
        for name, what in (("cpu", "cores"), ("ram", "RAM"), ("disk", "disk"))
    )
    return [
        f"  jobs        {view.jobs:,}",
        f"  tasks       {_counts(view.tasks)}",
        f"  machines    {_counts(view.machines)}",
        f"  taken       {taken}",
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
