"""The cell as it stands in the middle of a pass: the snapshot's columns, copied, from which placements are taken."""

from collections import defaultdict

import msgspec
import numpy as np

from borgpy.model.devices import DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.devices import Devices, none_of
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.resource_sets import Sets
from borgpy.scheduling.snapshot import Crowd, Ints, Mask, Rows, Snapshot

_NOBODY = Crowd(np.zeros(0, np.intp), np.zeros(0, np.int64))


class Inner(msgspec.Struct, frozen=True, eq=False):
    """What one task holds by number: devices by kind, resource sets by name."""

    devices: dict[str, tuple[int, ...]] = {}
    sets: dict[str, int] = {}


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
        shared = {name: SetRequest(name, "", 0) for name in self.sets}
        return {**shared, **asked}

    def devices_for(self, job: PendingJob) -> tuple[DeviceRequest, ...]:
        return job.devices
