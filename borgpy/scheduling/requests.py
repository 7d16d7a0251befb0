"""Which tasks a cell with devices is asked to run: the mix that tells what the rest of a machine is still good for.

The mix is what is pending in the pass and what runs on machines with devices. It serves as a forecast: tasks like these
will come again. Tasks that ask for no device count as far as they compete: by the part of the cell's CPU that is on
machines with devices, for the others go elsewhere. Where nobody asks for a kind of device as yet, one task for each
device is expected, with an even share of the machine.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.scheduling.facts import PendingJob, Want
from borgpy.scheduling.snapshot import ABSENT, MAX_AMOUNT, Snapshot

POPULAR = 0.95
"""The part of all tasks that the popular requests stand for (FGD, ATC'23 §4.2)."""

MOST_POPULAR = 64
"""No more requests are popular, so that tables stay small; openb's mix has 35."""

PARTS = 256
"""Popularity is told in so many parts: a mix that has hardly changed is the same mix, with the same tables."""


class Request(NamedTuple):
    """``number`` devices of ``millis`` thousandths each, and so many milli-cores; number 0: no device."""

    cpu: int
    number: int
    millis: int


class Mix(NamedTuple):
    """The popular requests with their parts of 256, the most popular first, and what all tasks ask for in total."""

    popular: tuple[tuple[Request, int], ...]
    cpu: float
    ram: float
    millis: float

    def per_cpu(self) -> float:
        """Thousandths of devices that go with a milli-core."""
        return self.millis / max(1.0, self.cpu)

    def per_ram(self) -> float:
        return self.millis / max(1.0, self.ram)


def wants_of(pending: Iterable[PendingJob]) -> Counter[Want]:
    """What pending tasks ask for, and how many of them do."""
    wants: Counter[Want] = Counter()
    for job in pending:
        wants[Want(job.request.cpu, job.request.ram, job.devices)] += len(job.indexes)
    return wants


def mix_of(snapshot: Snapshot, kind: str) -> Mix:
    """The mix of requests that machines with devices of a kind are for."""
    wants = wants_of(snapshot.pending)
    wants.update(dict(snapshot.wants))
    asking: Counter[tuple[Request, int]] = (
        Counter()
    )  # with the ram, which counts in the totals only
    others: Counter[tuple[Request, int]] = Counter()
    for want, number in wants.items():
        device = next((device for device in want.devices if device.kind == kind), None)
        if device is not None and device.count > 0:
            asking[_request(want.cpu, device), want.ram] += number
        elif not want.devices:
            others[Request(want.cpu, 0, 0), want.ram] += number
    columns = snapshot.devices[kind]
    having = columns.models != ABSENT
    if not asking:
        devices = max(1, int(np.count_nonzero(columns.free != ABSENT)))
        cpu, ram = (int(snapshot.capacity[having, d].sum()) // devices for d in (0, 1))
        return _mix({Request(cpu, 1, WHOLE): 1.0}, cpu, ram, WHOLE)
    every = max(1, int(snapshot.capacity[:, 0].sum()))
    rivalry = int(snapshot.capacity[having, 0].sum()) / every
    tasks_of: dict[Request, float] = {}
    cpu_of = ram_of = millis_of = 0.0
    weighed = [(key, float(number)) for key, number in sorted(asking.items())]
    weighed += [(key, number * rivalry) for key, number in sorted(others.items())]
    for (request, ram), tasks in weighed:
        tasks_of[request] = tasks_of.get(request, 0.0) + tasks
        cpu_of += request.cpu * tasks
        ram_of += ram * tasks
        millis_of += request.number * request.millis * tasks
    return _mix(tasks_of, cpu_of, ram_of, millis_of)


def _request(cpu: int, device: DeviceRequest) -> Request:
    return Request(min(max(cpu, 0), MAX_AMOUNT), device.count, min(max(device.millis, 0), WHOLE))


def _mix(tasks_of: dict[Request, float], cpu: float, ram: float, millis: float) -> Mix:
    by_popularity = sorted(tasks_of.items(), key=lambda entry: (-entry[1], entry[0]))
    every = sum(tasks for _, tasks in by_popularity)
    kept: list[tuple[Request, float]] = []
    seen = 0.0
    for request, tasks in by_popularity[:MOST_POPULAR]:
        if seen >= POPULAR * every:
            break
        kept.append((request, tasks))
        seen += tasks
    parts = [(request, round(PARTS * tasks / seen)) for request, tasks in kept]
    return Mix(tuple((request, part) for request, part in parts if part), cpu, ram, millis)
