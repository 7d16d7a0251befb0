"""`borgcfg machine`: the machines of the cell."""

import click

from borgpy.cli.connection import connect
from borgpy.cli.options import Group, Options, Output, command
from borgpy.cli.output import Table, age, coloured, share_text, show
from borgpy.clock import SystemClock
from borgpy.model.api import MachineView

MOST_TASKS = 50


@click.group("machine", cls=Group)
def machine() -> None:
    """The machines of the cell."""


@command("list")
async def list_machines(options: Options) -> None:
    """All machines, and what is taken of each."""
    async with connect(options) as connection:
        views = await connection.client.machines()
    show(
        options,
        views,
        text=lambda: _table(views, wide=options.output is Output.WIDE) if views else "no machines",
        names=lambda: [view.name for view in views],
    )


@command("show", parameters=[click.argument("name")])
async def show_machine(options: Options, name: str) -> None:
    """One machine and its tasks."""
    async with connect(options) as connection:
        view = await connection.client.machine(name)
    show(options, view, text=lambda: "\n".join(_lines(view)), names=lambda: [view.name])


@command("remove", parameters=[click.argument("name")])
async def remove_machine(options: Options, name: str) -> None:
    """Forget a machine that is gone for good; one that runs tasks is kept."""
    async with connect(options) as connection:
        accepted = await connection.client.remove_machine(name)
    show(options, accepted, text=lambda: f"{name} has left the cell", names=lambda: [name])


for verb in (list_machines, show_machine, remove_machine):
    machine.add_command(verb)


def _table(views: list[MachineView], *, wide: bool) -> Table:
    now = SystemClock().now()
    rows = []
    for view in views:
        row = (
            view.name,
            view.state.value,
            age(now - view.since),
            str(len(view.tasks)),
            *(
                share_text(name, view.used, view.capacity)
                for name in ("cpu", "ram", "disk", "ports")
            ),
        )
        attributes = ",".join(f"{name}={value}" for name, value in view.attributes.items())
        rows.append((*row, view.address, attributes, view.reason) if wide else row)
    headings = ("MACHINE", "STATE", "SINCE", "TASKS", "CPU", "RAM", "DISK", "PORTS")
    return Table((*headings, "ADDRESS", "ATTRIBUTES", "REASON") if wide else headings, rows)


def _lines(view: MachineView) -> list[str]:
    since = age(SystemClock().now() - view.since)
    reason = f": {view.reason}" if view.reason else ""
    lines = [
        f"{view.name} {coloured(view.state.value)} for {since}{reason}",
        f"  address  {view.address}",
        *(
            f"  {name:<8} {share_text(name, view.used, view.capacity)}"
            for name in view.capacity.by_name()
        ),
        *(f"  {name} = {value}" for name, value in view.attributes.items()),
        f"  {len(view.tasks):,} tasks",
        *(f"    {task}" for task in view.tasks[:MOST_TASKS]),
    ]
    rest = len(view.tasks) - MOST_TASKS
    return [*lines, f"    and {rest:,} more"] if rest > 0 else lines
