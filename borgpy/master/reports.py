"""What a machine's report says that the cell does not know yet."""

from borgpy.model.cell import CellView
from borgpy.model.machine import MachineState
from borgpy.model.operations import MachineDifference, StatusChange
from borgpy.model.orders import MachineReport


def difference(cell: CellView, report: MachineReport) -> MachineDifference | None:
    """The difference between a machine's full report and the cell; nothing when they agree.

    A report tells only of orders it has taken in: a task that was ordered after version ``report.orders_seq`` and is
    missing is on its way, one ordered before is gone. Allocs, which are no programs, are never reported. A report that leaves the tasks out says that nothing changed.
    """
    machine = cell.machines.get(report.machine)
    if machine is None or report.tasks is None:
        return None
    answers = machine.state is not MachineState.UP
    changes: list[StatusChange] = []
    strays = 0
    charges = cell.occupancy[report.machine].charges
    seen = set()
    for told in report.tasks:
        key = (told.job, told.index)
        job = cell.jobs[told.job] if key in charges else None
        task = job.tasks[told.index] if job and not job.spec.is_alloc_set else None
        if task is None or task.incarnation != told.incarnation:
            strays += 1
            continue
        seen.add(key)
        if told.status != task.status:
            changes.append(StatusChange(told.job, told.index, told.incarnation, told.status))
    for key in charges:
        job = cell.jobs[key[0]]
        task = job.tasks[key[1]]
        if key not in seen and not job.spec.is_alloc_set and task.ordered_seq <= report.orders_seq:
            changes.append(StatusChange(key[0], key[1], task.incarnation, None))
    if machine.state is MachineState.RETURNING and strays:
        answers = False
    if not changes and not answers:
        return None
    return MachineDifference(report.machine, tuple(changes), answers, strays if answers else 0)
