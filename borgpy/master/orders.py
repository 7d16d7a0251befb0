"""What each machine should run, computed from state at every poll: there is no queue of commands to lose."""

from collections.abc import Iterable

from borgpy.model.cell import CellView
from borgpy.model.orders import DeviceOrder, MachineOrders, TaskOrder
from borgpy.model.spec import TaskSpec


def machine_orders(cell: CellView, machine: str) -> MachineOrders:
    """Everything ``machine`` should run; what it runs besides is to be stopped. Allocs are no programs, and left out."""
    run = tuple(
        TaskOrder(key, index, task.incarnation, task.spec)
        for key, index in sorted(cell.occupancy[machine].charges)
        if (task := cell.jobs[key].tasks[index]).stopping is None
        and not cell.jobs[key].spec.is_alloc_set
    )
    devices = tuple(
        DeviceOrder(order.job, order.index, held.devices)
        for order in run
        if (held := cell.jobs[order.job].held.get(order.index)) is not None and held.devices
    )
    return MachineOrders(machine, cell.machines[machine].orders_seq, run, devices=devices)


def specs_of(cell: CellView, orders: Iterable[MachineOrders]) -> dict[str, TaskSpec]:
    """The task specs that ``orders`` name, each once."""
    return {
        order.spec: cell.jobs[order.job].specs[order.spec]
        for machine in orders
        for order in machine.run or ()
    }
