"""One running Borgmaster: every part wired together, started and stopped in order."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import aiohttp
import msgspec

from borgpy.clock import Clock
from borgpy.errors import BorgError
from borgpy.master.due import due
from borgpy.model import events as e
from borgpy.model.events import Record
from borgpy.model.orders import TaskUsage
from borgpy.server.checkpoint_taker import CheckpointTaker
from borgpy.server.commit import Committer
from borgpy.server.historian import PRUNE_EVERY_SECONDS, Historian
from borgpy.server.metrics import Metrics
from borgpy.server.notice import Signal
from borgpy.server.package_store import PackageStore
from borgpy.server.passes import Passes
from borgpy.server.plugins import PluginBook
from borgpy.server.poller import Pace, Poller
from borgpy.server.recovery import Risen, keep_lease
from borgpy.server.scheduler_loop import SchedulerLoop
from borgpy.server.services import Services
from borgpy.server.settings import Settings
from borgpy.server.usage import UsageBook
from borgpy.store.faces import Lease, Leases, Store

log = logging.getLogger(__name__)

DUE_EVERY_SECONDS = 0.5
"""How often the mind is asked what time alone demands."""

_MAKES_ROOM_OR_WORK = frozenset(
    {
        e.TasksSubmitted,
        e.TaskEvicted,
        e.TaskEnded,
        e.TaskUpdated,
        e.MachineJoined,
        e.MachineReturned,
        e.PolicySet,  # another policy may do without a plug-in that fails
    }
)
"""The events after which a pending task might fit that did not before."""

_MACHINE_OF: Mapping[type[e.Event], Callable[[Any], str]] = {
    e.TaskScheduled: attrgetter("machine"),
    e.TaskStopping: attrgetter("machine"),
    e.TaskUpdated: attrgetter("machine"),
    e.TaskEnded: attrgetter("machine"),
    e.TaskEvicted: attrgetter("machine"),
    e.MachineRemoved: attrgetter("machine"),
    e.MachineReturned: attrgetter("machine"),
    e.MachineJoined: attrgetter("machine.name"),
}
"""The machine whose orders an event changes, or which it brings or takes away; empty for a task that has none."""


class Means(msgspec.Struct, frozen=True, eq=False):
    """What a Borgmaster is handed at its start to work with."""

    http: aiohttp.ClientSession
    clock: Clock
    credential: str
    plugins: PluginBook


class Body:
    """A risen Borgmaster at work. `run` returns only by an exception: `Fenced` when another leads."""

    def __init__(self, settings: Settings, store: Store, means: Means, risen: Risen) -> None:
        http, clock, credential = means.http, means.clock, means.credential
        self._store = store
        self._clock = clock
        self._lease = risen.lease
        self._master = master = risen.master
        self.metrics = Metrics()
        self._changes = Signal()
        self._usage = UsageBook()
        self._packages = PackageStore(settings.packages, settings.max_package_bytes)
        self._historian = Historian(store.history, risen.flushed)
        self._historian.add(master.cell.seq, risen.missing)
        self._checkpoints = CheckpointTaker(
            settings, master.cell, self._historian, risen.checkpointed
        )
        self._committer = Committer(master, store.journal, risen.epoch, clock, self._applied)
        commit = self._committer.commit
        self._plugins = means.plugins.plugins
        passes = Passes(clock, means.plugins, self.metrics.passed)
        self.metrics.watch_running_pass(lambda: passes.view().running_ms / 1000)
        self._scheduler = SchedulerLoop(master, commit, clock, passes)
        pace = Pace(settings.poll_interval_ms / 1000, settings.lost_after_ms / 1000)
        self._poller = Poller(master, commit, http, clock, credential, pace)
        self._poller.sampled = self._sampled
        self._poller.polled = self.metrics.polled
        self._poller.outranked = self._committer.outbid
        self.services = Services(
            master=master,
            committer=self._committer,
            scheduler=self._scheduler,
            passes=passes,
            historian=self._historian,
            packages=self._packages,
            store=store,
            http=http,
            clock=clock,
            credential=credential,
            changes=self._changes,
            usage=self._usage,
            take_checkpoint=self._checkpoints.take,
        )

    def __str__(self) -> str:
        cell = self._master.cell
        return (
            f"in epoch {cell.epoch} from sequence {cell.seq}:"
            f" {len(cell.jobs)} jobs, {len(cell.machines)} machines"
        )

    async def run(self) -> None:
        """Work until fenced or cancelled."""
        missing = set(self._master.cell.policy.plugins) - self._plugins.keys()
        if missing:
            log.warning(
                "nothing is placed: the policy names plug-ins that this Borgmaster was started without: %s",
                ", ".join(sorted(missing)),
            )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._committer.run())
                group.create_task(self._historian.run())
                group.create_task(self._scheduler.run())
                group.create_task(keep_lease(self._store.leases, self._lease, self._clock))
                group.create_task(self._do_what_is_due())
                group.create_task(self._keep_house())
                self._poller.nudge(self._master.cell.machines)
        finally:
            await self._poller.close()

    async def fall(self) -> None:
        """Leave tidily: the next Borgmaster need not wait."""
        await asyncio.to_thread(_release, self._store.leases, self._lease)

    def _applied(self, seq: int, records: Sequence[Record]) -> None:
        """Tell everybody what just happened."""
        self._historian.add(seq, records)
        events = [record.event for record in records]
        self.metrics.count(events)
        touched = {_MACHINE_OF[type(x)](x) for x in events if type(x) in _MACHINE_OF} - {""}
        if touched:
            self._poller.nudge(sorted(touched))
        if self._makes_room_or_work(events):
            self._scheduler.consider()
        self._changes.notify()

    def _makes_room_or_work(self, events: Sequence[e.Event]) -> bool:
        if any(type(event) in _MAKES_ROOM_OR_WORK for event in events):
            return True
        jobs = self._master.cell.jobs
        placed = {event.job for event in events if isinstance(event, e.TaskScheduled)}
        # An alloc is room for the tasks of others.
        return any(key in jobs and jobs[key].spec.is_alloc_set for key in placed)

    def _sampled(self, machine: str, samples: Sequence[TaskUsage]) -> None:
        self._historian.add_usage(self._usage.take(machine, samples, self._clock.now()))

    async def _do_what_is_due(self) -> None:
        while True:
            await asyncio.sleep(DUE_EVERY_SECONDS)
            try:
                for operation in due(self._master.cell, self._clock.now()):
                    await self._committer.commit(operation)
            except BorgError as error:
                log.warning("what is due waits: %s", error.message)

    async def _keep_house(self) -> None:
        """Checkpoints every so many operations, and now and then everything that has had its time."""
        pruned = self._clock.steady_seconds()
        while True:
            await asyncio.sleep(1)
            try:
                if self._checkpoints.is_due():
                    await self._checkpoints.take()
                if self._clock.steady_seconds() - pruned >= PRUNE_EVERY_SECONDS:
                    pruned = self._clock.steady_seconds()
                    await self._forget_the_old()
            except (BorgError, OSError) as error:
                log.warning("housekeeping waits: %s", error)
                await asyncio.sleep(30)

    async def _forget_the_old(self) -> None:
        now = self._clock.now()
        await self._historian.prune(now)
        jobs = self._master.cell.jobs
        used = {f for job in jobs.values() for spec in job.specs.values() for f in spec.files()}
        await asyncio.to_thread(self._packages.collect, used, now)
        self._usage.forget_the_past(self._master.cell)


def _release(leases: Leases, lease: Lease) -> None:
    try:
        leases.release(lease)
    except BorgError as error:
        log.warning("the lease was not released: %s", error.message)
