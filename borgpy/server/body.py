"""One running Borgmaster: every part wired together, started and stopped in order."""

import asyncio
import logging
import sys
from collections.abc import Sequence

import aiohttp

from borgpy.clock import Clock
from borgpy.errors import BorgError, StoreUnavailable
from borgpy.master.borgmaster import Borgmaster
from borgpy.master.due import due
from borgpy.model import events as e
from borgpy.model.events import Event, Record
from borgpy.model.orders import TaskUsage
from borgpy.scheduling.policy import Policy
from borgpy.server.commit import Committer
from borgpy.server.historian import PRUNE_EVERY_SECONDS, Historian
from borgpy.server.metrics import Metrics
from borgpy.server.notice import Signal
from borgpy.server.package_store import PackageStore
from borgpy.server.poller import Pace, Poller
from borgpy.server.recovery import (
    holder_here,
    keep_lease,
    lead,
    recover,
    wait_for_lease,
)
from borgpy.server.scheduler_loop import SchedulerLoop
from borgpy.server.services import Services
from borgpy.server.settings import Settings
from borgpy.server.usage import UsageBook
from borgpy.store.faces import Lease, Leases, Store

log = logging.getLogger(__name__)

DUE_EVERY_SECONDS = 0.5
"""How often the mind is asked what time alone demands."""

_MAKES_ROOM_OR_WORK = (
    e.TasksSubmitted,
    e.TaskEvicted,
    e.TaskEnded,
    e.TaskUpdated,
    e.MachineJoined,
    e.MachineReturned,
)
"""The events after which a pending task might fit that did not before."""


class Body:
    """A Borgmaster at work. `run` returns only by an exception: `Fenced` when another leads."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        http: aiohttp.ClientSession,
        clock: Clock,
        credential: str,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._http = http
        self._credential = credential
        self.metrics = Metrics()
        self._changes = Signal()
        self._usage = UsageBook()
        self._checkpointed = 0
        self._checkpointing = asyncio.Lock()

    async def rise(self) -> Services:
        """Wait for the lease, recover the cell, lead it; afterwards everything may be asked."""
        self._lease = await wait_for_lease(self._store.leases, holder_here(), self._clock)
        master, epoch, missing = await asyncio.to_thread(self._recover_and_lead)
        self._master = master
        self._historian = Historian(self._store.history, self._flushed)
        self._historian.add(master.cell.seq, missing)
        self._committer = Committer(master, self._store.journal, epoch, self._clock, self._applied)
        self._scheduler = SchedulerLoop(
            master, self._committer.commit, self._clock, Policy(), self.metrics.pass_seconds.observe
        )
        settings = self._settings
        self._poller = Poller(
            master,
            self._committer.commit,
            self._http,
            self._clock,
            self._credential,
            Pace(settings.poll_interval_ms / 1000, settings.lost_after_ms / 1000),
        )
        self._poller.sampled = self._sampled
        self._poller.polled = self.metrics.polled
        self._poller.outranked = self._committer.outbid
        self._packages = PackageStore(settings.packages, settings.max_package_bytes)
        log.info(
            "leading cell %s in epoch %d at sequence %d: %d jobs, %d machines",
            settings.cell,
            epoch,
            master.cell.seq,
            len(master.cell.jobs),
            len(master.cell.machines),
        )
        return Services(
            master=master,
            committer=self._committer,
            scheduler=self._scheduler,
            historian=self._historian,
            packages=self._packages,
            store=self._store,
            http=self._http,
            clock=self._clock,
            credential=self._credential,
            changes=self._changes,
            usage=self._usage,
            take_checkpoint=self.take_checkpoint,
        )

    async def run(self) -> None:
        """Work until fenced or cancelled."""
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

    async def take_checkpoint(self) -> int:
        """A checkpoint of everything up to now, folded by another process; its sequence."""
        async with self._checkpointing:
            upto = self._master.cell.seq
            if upto == self._checkpointed:
                return upto
            await self._historian.catch_up(upto)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "borgpy.server.checkpointer",
                "--store",
                self._settings.store_url,
                "--cell",
                self._settings.cell,
                "--upto",
                str(upto),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            said, complaint = await process.communicate()
            if process.returncode != 0:
                raise StoreUnavailable(
                    f"no checkpoint could be taken: {complaint.decode(errors='replace').strip()[-500:]}"
                )
            self._checkpointed = int(said)
            return self._checkpointed

    def _recover_and_lead(self) -> tuple[Borgmaster, int, list[Record]]:
        self._flushed = self._store.history.last_seq()
        missing: list[Record] = []

        def complete(records: list[Record]) -> None:
            missing.extend(record for record in records if record.seq > self._flushed)

        master = recover(self._store, self._settings.cell, story=complete)
        newest = self._store.checkpoints.newest()
        self._checkpointed = newest.seq if newest else 0
        epoch, records = lead(self._store, master, holder_here(), self._clock)
        return master, epoch, [*missing, *records]

    def _applied(self, seq: int, records: Sequence[Record]) -> None:
        """Tell everybody what just happened."""
        self._historian.add(seq, records)
        touched: set[str] = set()
        consider = False
        for record in records:
            self.metrics.count(record.event)
            consider = consider or isinstance(record.event, _MAKES_ROOM_OR_WORK)
            touched.update(_machines_of(record.event))
        if touched:
            self._poller.nudge(sorted(touched))
        if consider:
            self._scheduler.consider()
        self._changes.notify()

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
                if self._master.cell.seq - self._checkpointed >= self._settings.checkpoint_every:
                    await self.take_checkpoint()
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
        used = {spec.package.digest for job in jobs.values() for spec in job.specs.values()}
        await asyncio.to_thread(self._packages.collect, used, now)
        self._usage.forget_the_past(self._master.cell)


def _machines_of(event: Event) -> tuple[str, ...]:
    """The machines whose orders ``event`` changes, or which it brings or takes away."""
    match event:
        case e.TaskScheduled(machine=machine) | e.TaskStopping(machine=machine):
            return (machine,)
        case e.TaskUpdated(machine=machine) | e.TaskEnded(machine=machine) if machine:
            return (machine,)
        case e.TaskEvicted(machine=machine) | e.MachineRemoved(machine=machine):
            return (machine,)
        case e.MachineReturned(machine=machine):
            return (machine,)
        case e.MachineJoined(machine=spec):
            return (spec.name,)
    return ()


def _release(leases: Leases, lease: Lease) -> None:
    try:
        leases.release(lease)
    except BorgError as error:
        log.warning("the lease was not released: %s", error.message)
