"""What becomes of news about machines: joining, leaving, falling silent."""

from collections.abc import Iterable

from borgpy.admission.numbered import offer_problems
from borgpy.master import moves
from borgpy.model.cell import CellView
from borgpy.model.events import Event, MachineJoined, MachineLost, MachineRemoved
from borgpy.model.lifecycle import EvictionCause
from borgpy.model.machine import MachineSpec, MachineState
from borgpy.model.names import MACHINE_PATTERN, JobKey
from borgpy.model.operations import JoinMachines, LoseMachines, RemoveMachine
from borgpy.model.refusal import Accepted, Problem, Refusal, RefusalCode
from borgpy.model.task import Task


def join_machines(
    cell: CellView, seq: int, op: JoinMachines
) -> tuple[Accepted | Refusal, list[Event]]:
    """Take machines in, or describe known ones anew."""
    problems = tuple(problem for spec in op.machines for problem in _problems(spec))
    if problems:
        return Refusal(RefusalCode.INVALID, "the machines cannot join", problems), []
    news: list[Event] = [
        MachineJoined(spec)
        for spec in op.machines
        if spec.name not in cell.machines or cell.machines[spec.name].spec != spec
    ]
    return Accepted(seq, created=len(news)), news


def remove_machine(
    cell: CellView, seq: int, op: RemoveMachine
) -> tuple[Accepted | Refusal, list[Event]]:
    """Let a machine go that runs nothing; a lost one runs nothing as far as the cell is concerned."""
    if op.machine not in cell.machines:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no machine {op.machine}"), []
    running = len(cell.occupancy[op.machine].charges)
    if running:
        problem = Problem(
            "machine",
            f"{op.machine} runs {running} tasks",
            hint="stop its Borglet first: once the machine is lost, its tasks have been placed elsewhere",
        )
        return Refusal(RefusalCode.CONFLICT, f"{op.machine} is in use", (problem,)), []
    return Accepted(seq), [MachineRemoved(op.machine)]


def lose_machines(cell: CellView, op: LoseMachines) -> list[Event]:
    """Machines that missed several polls are lost, and their tasks pending again."""
    events: list[Event] = []
    for name in op.machines:
        machine = cell.machines.get(name)
        if machine is None or machine.state is MachineState.LOST:
            continue
        events.append(MachineLost(name, op.reason))
        for job, index in _tenants(cell, name):
            task = cell.jobs[job].tasks[index]
            reason = f"machine {name} was lost{_with_alloc(cell, job, task)}: {op.reason}"
            events.append(moves.gone(job, task, EvictionCause.MACHINE_FAILURE, reason))
    return events


def _tenants(cell: CellView, machine: str) -> Iterable[tuple[JobKey, int]]:
    """The tasks on a machine; by rules 1 in the order in which they came, by later ones in that of their keys."""
    charges = cell.occupancy[machine].charges
    return charges if cell.rules < 2 else sorted(charges)


def _with_alloc(cell: CellView, key: JobKey, task: Task) -> str:
    alloc = cell.jobs[key].alloc_of(task.index)
    return f", and with it alloc {alloc}" if alloc else ""


def _problems(spec: MachineSpec) -> list[Problem]:
    problems = []
    if not MACHINE_PATTERN.match(spec.name):
        problems.append(
            Problem(
                "name",
                f"{spec.name!r} is no machine name",
                allowed="1 to 128 letters, digits, '.', '-' or '_', starting with a letter or digit",
            )
        )
    if not spec.address.startswith(("http://", "https://")):
        problems.append(
            Problem("address", f"{spec.address!r} is no URL", allowed="http(s)://host:port")
        )
    problems.extend(
        Problem(f"capacity.{name}", f"{name} of {spec.name} is {amount}", allowed="0 or more")
        for name, amount in spec.capacity.by_name().items()
        if not 0 <= amount < 1 << 62
    )
    problems.extend(offer_problems(spec.devices, spec.sets))
    return problems
