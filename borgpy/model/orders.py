"""What the Borgmaster and a Borglet say to each other: orders one way, reports the other, in one exchange.

Orders are level-triggered: they say what a machine should run, and whatever else runs there is to be stopped. Both
sides name versions, so that a machine where nothing changed costs a few bytes.
"""

import msgspec

from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.spec import TaskSpec
from borgpy.model.task import TaskStatus

MAX_MACHINES_PER_POLL = 500
"""More would hold the event loop of either side for more than 20 ms."""


EPOCH_HEADER = "X-Borg-Epoch"
"""With status 409 a Borglet says which epoch it has sworn to, when that is higher than the one of the poll."""


class TaskOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Run this incarnation of this task, with the task spec of this digest (looked up in `Poll.specs`)."""

    job: JobKey
    index: int
    incarnation: int
    spec: str


class DeviceOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """This task has the devices of these numbers, by kind."""

    job: JobKey
    index: int
    devices: dict[str, tuple[int, ...]]


class MachineOrders(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one machine should run. ``run`` is left out when the Borglet already holds version ``orders_seq``.

    ``known_report`` is the version of the last report that the Borgmaster has taken in, empty for none. ``devices`` are
    for those of the tasks that have any.
    """

    machine: str
    orders_seq: int
    run: tuple[TaskOrder, ...] | None = None
    known_report: str = ""
    devices: tuple[DeviceOrder, ...] = ()


class Poll(msgspec.Struct, frozen=True, omit_defaults=True):
    """One poll of a Borglet, which may stand for many machines.

    ``seq`` is the journal sequence of the state the orders were taken from; the reply repeats it.
    """

    cell: str
    epoch: int
    seq: int
    machines: tuple[MachineOrders, ...]
    specs: dict[str, TaskSpec] = {}


class Usage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a task uses: CPU over the last sampling interval in milli-cores, resident memory and sandbox size in bytes."""

    cpu: int
    ram: int
    disk: int


class TaskReport(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One task that exists on the machine, ordered or not."""

    job: JobKey
    index: int
    incarnation: int
    status: TaskStatus


class TaskUsage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sample of what one task uses."""

    job: JobKey
    index: int
    incarnation: int
    usage: Usage


class MachineReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """The full state of one machine; ``tasks`` is left out when nothing changed since ``known_report``.

    ``orders_seq`` is the version of the orders the Borglet holds. If it is not the one of the poll, the Borglet did
    not have those orders, and wants them in full.
    """

    machine: str
    orders_seq: int
    version: str
    tasks: tuple[TaskReport, ...] | None = None
    usage: tuple[TaskUsage, ...] = ()


class PollReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a `Poll`, with its ``epoch`` and ``seq``. Machines the Borglet does not stand for are missing."""

    epoch: int
    seq: int
    machines: tuple[MachineReport, ...]


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Borglet asks to be polled for these machines (at most `MAX_MACHINES_PER_POLL`)."""

    machines: tuple[MachineSpec, ...]


class Joined(msgspec.Struct, frozen=True):
    """The answer to `Join`: the cell, its epoch, and the credential that its orders will carry."""

    cell: str
    epoch: int
    credential: str
