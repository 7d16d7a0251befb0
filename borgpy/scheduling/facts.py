"""What the scheduler is told: facts about one machine, and about the pending tasks of one job."""

from collections.abc import Mapping

import msgspec

from borgpy.model.constraints import Away, Constraint, Exclusive, Limit, Near, Spread
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.priority import BAND_RANGES, Band
from borgpy.model.resource_sets import SetOffer, SetRequest, SetState
from borgpy.model.resources import Resources

_LOWEST_PRODUCTION = BAND_RANGES[Band.PRODUCTION][0]
"""Monitoring is above production, and nothing else is."""


class Want(msgspec.Struct, frozen=True, array_like=True):
    """What one task asks for, as far as it tells what machines with devices are wanted for."""

    cpu: int
    ram: int
    devices: tuple[DeviceRequest, ...] = ()

    def place(self) -> tuple[object, ...]:
        """What wants are sorted by."""
        devices = ((one.kind, one.count, one.millis, one.models) for one in self.devices)
        return (self.cpu, self.ram, *devices)


class MachineFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One machine, or one alloc, which is a small machine for the jobs in it.

    ``used`` is what the tasks placed there were promised, ``tasks`` how many there are of each job. ``exclusive`` says
    that one of them wants the machine for itself. ``production_cpu`` is the part of ``used.cpu`` that production and
    monitoring tasks hold, ``packages`` the digests that tasks there use, ``ports`` the fixed port numbers in use,
    ``ends_at`` when the last task of known length is expected to end (milliseconds since 1970; 0: none is known).
    ``device_free`` lists for each kind the free thousandths of each device, ``set_states`` each resource set.
    ``host`` is the machine that an alloc is on. ``wants`` lists what the tasks on a machine with devices ask for, and how
    many do; it may be left out, and is a forecast of what will be asked for again.
    """

    name: str
    capacity: Resources
    used: Resources
    placeable: bool = True
    attributes: Mapping[str, str] = {}
    tasks: Mapping[JobKey, int] = {}
    exclusive: bool = False
    production_cpu: int = 0
    packages: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    ends_at: int = 0
    devices: tuple[DeviceOffer, ...] = ()
    device_free: Mapping[str, tuple[int, ...]] = {}
    sets: tuple[SetOffer, ...] = ()
    set_states: Mapping[str, tuple[SetState, ...]] = {}
    host: str = ""
    wants: tuple[tuple[Want, int], ...] = ()


class PendingJob(msgspec.Struct, frozen=True, omit_defaults=True):
    """The pending tasks of one job that have one spec (its digest), hence one request; ``indexes`` are sorted.

    ``avoid`` names the machines that single tasks kept crashing on, by task index; most tasks are not in it. ``ports``
    are fixed port numbers, ``packages`` digests with their sizes in bytes, ``alloc`` the alloc set that the tasks run
    in, ``runtime_ms`` how long a task is expected to run (0: unknown), ``replicas`` how many tasks the job has in all,
    those that run included.
    """

    job: JobKey
    user: str
    priority: int
    request: Resources
    spec: str
    indexes: tuple[int, ...]
    avoid: Mapping[int, tuple[str, ...]] = {}
    constraints: tuple[Constraint, ...] = ()
    devices: tuple[DeviceRequest, ...] = ()
    sets: tuple[SetRequest, ...] = ()
    ports: tuple[int, ...] = ()
    packages: Mapping[str, int] = {}
    alloc: JobKey = JobKey("")
    runtime_ms: int = 0
    replicas: int = 1

    def is_production(self) -> bool:
        return self.priority >= _LOWEST_PRODUCTION

    def is_exclusive(self) -> bool:
        """Whether nothing else may run on its tasks' machines (the soft form is a wish, and holds nobody off)."""
        if not self.constraints:  # asked for each task
            return False
        return any(isinstance(rule, Exclusive) and not rule.weight for rule in self.constraints)

    def is_bound(self) -> bool:
        """Whether it has a rule about where tasks are, its own or others'."""
        return any(isinstance(rule, Limit | Spread | Near | Away) for rule in self.constraints)


class Shun(msgspec.Struct, frozen=True):
    """Tasks of ``holder`` run, and want no task of the job that ``away`` names near them: it holds in both directions."""

    holder: JobKey
    away: Away
