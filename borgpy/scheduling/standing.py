"""The cell as it stands in the middle of a pass: the snapshot's columns, copied, from which placements are taken."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from borgpy.model.names import JobKey
from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.devices import Devices, none_of
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.resource_sets import Sets, shared
from borgpy.scheduling.snapshot import ABSENT, Crowd, Ints, Mask, Rows, Snapshot


class Inner(msgspec.Struct, frozen=True, eq=False):
    """What one task holds by number: devices by kind, resource sets by name."""

    devices: dict[str, tuple[int, ...]] = {}
    sets: dict[str, int] = {}


class Taking(NamedTuple):
    """What one task of a class takes: amounts with their dimensions, ``exclusive`` 1 or 0, and its part in `production_cpu`."""

    amounts: tuple[tuple[int, int], ...]
    exclusive: int
    production_cpu: int


def taking_of(job: PendingJob, amounts: Sequence[int]) -> Taking:
    """What one task of ``job`` takes, which asks for ``amounts`` by dimension."""
    return Taking(
        tuple((d, amount) for d, amount in enumerate(amounts) if amount),
        int(job.is_exclusive()),
        amounts[0] if job.is_production() else 0,
    )


class Booking(msgspec.Struct, frozen=True, eq=False):
    """What tasks of one job took of the distinct ``machines``, ``counts`` each, so that it can be given back."""

    job: PendingJob
    taking: Taking
    machines: Rows
    counts: Ints
    told: bool
    inner: Inner
    sets: dict[str, SetRequest]
    ends_at: Ints | None


NO_INNER = Inner()


_NOBODY = Crowd(np.zeros(0, np.intp), np.zeros(0, np.int64))


class Standing:
    """What is free and who is where, now. All arithmetic is on integers, so that giving back restores what was."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        tenants = snapshot.tenants
        self.free = np.array(snapshot.free, order="F")
        self.columns = [self.free[:, d] for d in range(self.free.shape[1])]
        self.tasks: Ints = tenants.tasks.copy()
        self.exclusive: Ints = tenants.exclusive.astype(np.int64)
        self.production_cpu: Ints = tenants.production_cpu.copy()
        self.ends_at: Ints = tenants.ends_at.copy()
        self.sets = {name: Sets(columns) for name, columns in snapshot.sets.items()}
        self._devices = {kind: Devices(columns) for kind, columns in snapshot.devices.items()}
        self._crowds: defaultdict[JobKey, list[Crowd]] = defaultdict(list)
        for job, crowd in tenants.jobs.items():
            self._crowds[job].append(crowd)
        self._ports = {port: set(rows.tolist()) for port, rows in tenants.ports.items()}

    def __len__(self) -> int:
        return len(self.tasks)

    def renew(self, snapshot: Snapshot, rows: Rows) -> None:
        """Become what a later snapshot of the same machines says; nothing but ``rows`` has changed. No inner resources."""
        self.snapshot = snapshot
        tenants = snapshot.tenants
        for d, column in enumerate(self.columns):
            column[rows] = snapshot.free[rows, d]
        self.tasks[rows] = tenants.tasks[rows]
        self.exclusive[rows] = tenants.exclusive[rows]
        self.production_cpu[rows] = tenants.production_cpu[rows]
        self.ends_at[rows] = tenants.ends_at[rows]
        self._crowds.clear()
        for job, crowd in tenants.jobs.items():
            self._crowds[job].append(crowd)
        self._ports = {port: set(held.tolist()) for port, held in tenants.ports.items()}

    def devices(self, kind: str) -> Devices:
        """The devices of a kind; none, if no machine offers it."""
        if kind not in self._devices:
            self._devices[kind] = Devices(none_of(len(self)))
        return self._devices[kind]

    def crowd(self, job: JobKey) -> Crowd:
        """Where the tasks of a job are that matters to some pending job; a machine may be named more than once."""
        parts = self._crowds.get(job)
        if not parts:
            return _NOBODY
        if len(parts) > 1:
            rows = np.concatenate([part.rows for part in parts])
            return Crowd(rows, np.concatenate([part.counts for part in parts]))
        return parts[0]

    def has_port(self, port: int) -> Mask:
        """bool[machines]: where a fixed port number is taken."""
        taken = np.zeros(len(self), np.bool_)
        taken[sorted(self._ports.get(port, ()))] = True
        return taken

    def sets_for(self, job: PendingJob) -> dict[str, SetRequest]:
        """What a task asks of each kind of resource set that some machine has; without a request, the shared one."""
        asked = {request.name: request for request in job.sets}
        return {**{name: shared(name) for name in self.sets}, **asked}

    def fits_set(self, name: str, request: SetRequest, rows: Rows | slice) -> Mask:
        """bool[rows]: whether one task could have its set there now."""
        sets = self.sets.get(name)
        return (
            np.zeros(len(self.tasks[rows]), np.bool_) if sets is None else sets.fits(request, rows)
        )

    def take(
        self,
        job: PendingJob,
        taking: Taking,
        machines: Rows,
        counts: Ints,
        sets: dict[str, SetRequest],
        *,
        tells: bool,
    ) -> Booking:
        """Tasks of a job go to these distinct machines; ``tells`` if others may ask where the job's tasks are."""
        ends_at = None
        if job.runtime_ms:
            ends_at = self.ends_at[machines]
            self.ends_at[machines] = np.maximum(ends_at, self.snapshot.at + job.runtime_ms)
        inner = self._take_inner(job, machines, sets) if job.devices or sets else NO_INNER
        booking = Booking(job, taking, machines, counts, tells, inner, sets, ends_at)
        self._book(booking, 1)
        if tells:
            self._crowds[job.job].append(Crowd(machines, counts))
        for port in job.ports:
            self._ports.setdefault(port, set()).update(machines.tolist())
        return booking

    def take_one(self, taking: Taking, row: int) -> None:
        """One task that holds nothing by number: arrays would cost more than what they hold. `booked` has to follow."""
        self._add(taking, row, 1)

    def booked(
        self, job: PendingJob, taking: Taking, rows: Sequence[int], *, tells: bool
    ) -> Booking:
        """What `take_one` has taken of these machines, one task each, in the end."""
        times: dict[int, int] = {}
        for row in rows:
            times[row] = times.get(row, 0) + 1
        machines = np.array(list(times), np.intp)
        counts = np.array(list(times.values()), np.int64)
        if tells:
            self._crowds[job.job].append(Crowd(machines, counts))
        return Booking(job, taking, machines, counts, tells, NO_INNER, {}, None)

    def give_back(self, booking: Booking) -> None:
        """Undo a booking. The last one comes first."""
        self._book(booking, -1)
        job = booking.job
        if booking.told:
            self._crowds[job.job].pop()
        for port in job.ports:
            self._ports[port].difference_update(booking.machines.tolist())
        if booking.ends_at is not None:
            self.ends_at[booking.machines] = booking.ends_at
        row = int(booking.machines[0])
        for device in job.devices:
            chosen = booking.inner.devices[device.kind]
            self.devices(device.kind).book(device, row, chosen, -1)
        for name, number in booking.inner.sets.items():
            self.sets[name].book(booking.sets[name], row, number, -1)

    def _add(self, taking: Taking, places: Rows | int, counts: Ints | int) -> None:
        """So many tasks more, or fewer, on distinct machines; numbers, for one machine, cost less than arrays of one."""
        for d, amount in taking.amounts:
            self.columns[d][places] -= counts * amount
        self.tasks[places] += counts
        if taking.exclusive:
            self.exclusive[places] += counts * taking.exclusive
        if taking.production_cpu:
            self.production_cpu[places] += counts * taking.production_cpu

    def _book(self, booking: Booking, sign: int) -> None:
        machines, counts = booking.machines, booking.counts
        if len(machines) == 1:
            self._add(booking.taking, int(machines[0]), sign * int(counts[0]))
        else:
            self._add(booking.taking, machines, sign * counts)

    def _take_inner(self, job: PendingJob, machines: Rows, sets: dict[str, SetRequest]) -> Inner:
        """One task's devices and sets."""
        row = int(machines[0])
        devices: dict[str, tuple[int, ...]] = {}
        for device in job.devices:
            held = self.devices(device.kind)
            devices[device.kind] = held.choose(device, row)
            held.book(device, row, devices[device.kind], 1)
        numbers: dict[str, int] = {}
        for name, request in sets.items():
            number = self.sets[name].choose(request, row)
            if number != ABSENT:
                numbers[name] = number
                self.sets[name].book(request, row, number, 1)
        return Inner(devices, numbers)
