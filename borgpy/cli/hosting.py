"""The cell that a job file asks for: found, or started on this machine when there is none at all."""

from collections.abc import Callable
from pathlib import Path

import click

from borgpy.cli.connection import here
from borgpy.cli.contexts import (
    DEFAULT_CELL,
    Context,
    Surroundings,
    find_context,
    known_contexts,
    local_user,
    unknown_cell,
)
from borgpy.cli.embedded import Layout, Recorded, read_record
from borgpy.cli.embedded_start import EmbeddedCell
from borgpy.cli.options import Options


async def context_to_run_in(options: Options, cell: str) -> Context:
    """Where jobs for ``cell`` go. A cell of this machine is started if it does not run; a first one is made.

    `NotFound` when there are cells, and none is called so.
    """
    around = here()
    if around.address:
        return find_context(around, cell)
    known = known_contexts(around)
    wanted = cell or around.cell or (find_context(around).cell if known else DEFAULT_CELL)
    if wanted not in known:
        if known:
            raise unknown_cell(wanted, known)
        return await _start_and_announce(options, wanted, around)
    context = known[wanted]
    return await _start_and_announce(options, wanted, around) if context.data else context


async def start_here(
    options: Options,
    cell: str,
    around: Surroundings,
    simulate: int | None = None,
    plugins: tuple[str, ...] | None = None,
) -> Context:
    """Start a cell on this machine, or what is missing of it."""
    root = around.cells / cell
    embedded = EmbeddedCell(root, around.user or local_user(), speaker(options))
    await embedded.start(simulate, plugins)
    return known_contexts(around)[cell]


async def _start_and_announce(options: Options, cell: str, around: Surroundings) -> Context:
    """Start a cell on this machine, and tell where everything is if anything had to be started."""
    root = around.cells / cell
    before = read_record(Layout(root))
    context = await start_here(options, cell, around)
    after = read_record(Layout(root))
    if after and _pids(before) != _pids(after) and not options.quiet:
        for line in whereabouts(after, root):
            click.echo(line, err=True)
    return context


def speaker(options: Options) -> Callable[[str], None]:
    """Where a start or stop says what it does."""
    return (lambda text: None) if options.quiet else (lambda text: click.echo(text, err=True))


def whereabouts(recorded: Recorded, root: Path) -> list[str]:
    """Where everything of an embedded cell is."""
    stands_for = f", {recorded.simulate:,} simulated machines" if recorded.simulate else ""
    return [
        f"cell {recorded.cell} runs on this machine, for {recorded.user}",
        f"  borgmaster  {recorded.address} (pid {recorded.borgmaster_pid})",
        f"  borglet     pid {recorded.borglet_pid}{stands_for}",
        f"  data        {root}",
        f"  logs        {Layout(root).logs}",
    ]


def _pids(recorded: Recorded | None) -> tuple[int, int]:
    return (recorded.borgmaster_pid, recorded.borglet_pid) if recorded else (0, 0)
