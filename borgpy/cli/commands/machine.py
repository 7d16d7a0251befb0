"""`borgcfg machine`: the machines of the cell."""

import click

from borgpy.cli.connection import connect
from borgpy.cli.options import Group, Options, Output, command
from borgpy.cli.output import Table, age, coloured, share_text, show
from borgpy.clock import SystemClock
from borgpy.model.api import DevicesView, MachineView, SetsView
from borgpy.model.resources import MILLI

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


def _devices_line(devices: DevicesView) -> str:
    """``gpu      1.5 of 4 (A100), free 0:0.5 1:1 3:1``."""
    count = len(devices.free)
    used = count - sum(devices.free) / MILLI
    model = f" ({devices.model})" if devices.model else ""
    free = " ".join(f"{n}:{left / MILLI:g}" for n, left in enumerate(devices.free) if left)
    return f"  {devices.kind:<8} {used:g} of {count}{model}" + (f", free {free}" if free else "")


def _sets_line(sets: SetsView) -> str:
    """``eni      1 of 3, each of 10: sg-1 4``: the sets in use, whom they serve, and how many slots of each are taken."""
    busy = [state for state in sets.states if state.tasks]
    served = ", ".join(f"{state.value or 'shared'} {state.used}" for state in busy)
    return f"  {sets.name:<8} {len(busy)} of {len(sets.states)}, each of {sets.slots:,}: " + (
        served or "all free"
    )


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
        *map(_devices_line, view.devices),
        *map(_sets_line, view.sets),
        *(f"  {name} = {value}" for name, value in view.attributes.items()),
        f"  {len(view.tasks):,} tasks",
        *(f"    {task}" for task in view.tasks[:MOST_TASKS]),
    ]
    rest = len(view.tasks) - MOST_TASKS
    return [*lines, f"    and {rest:,} more"] if rest > 0 else lines
