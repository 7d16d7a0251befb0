"""The scheduler's loop: snapshot, pass, commit, whenever something pending might fit (Borg §3.2)."""

import asyncio
import logging

from borgpy.clock import Clock, new_seed
from borgpy.errors import BorgError, Fenced
from borgpy.master.borgmaster import Borgmaster
from borgpy.master.snapshots import Snapshots
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts
from borgpy.server.passes import Passes
from borgpy.server.plan_entries import Commit, commit_plan

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.010
"""What arrives within this time shares a pass."""

TASKS_AT_ONCE = 5_000
"""Tasks on machines that are looked at again at a stretch; more would hold the event loop for longer than 20 ms."""

RETRY_SECONDS = 1.0


class SchedulerLoop:
    """Places pending tasks. `consider` tells it that something changed which may matter."""

    def __init__(
        self,
        master: Borgmaster,
        commit: Commit,
        clock: Clock,
        passes: Passes,
    ) -> None:
        self._master = master
        self._commit = commit
        self._clock = clock
        self._passes = passes
        self._snapshots = Snapshots(master)
        self._news = asyncio.Event()
        self.stale = 0

    def consider(self) -> None:
        """Room may have appeared, or work."""
        self._news.set()

    async def refresh(self) -> None:
        """Bring the columns up to date, and let others have their turn in between."""
        more = True
        while more:
            more = self._snapshots.refresh(TASKS_AT_ONCE)
            await asyncio.sleep(0)

    def snapshot(self) -> Snapshot:
        """The cell as the scheduler sees it now."""
        return self._snapshots.take(self._clock.now())

    def facts(self) -> SnapshotFacts:
        """The same as it travels."""
        return self._snapshots.facts(self._clock.now())

    async def run(self) -> None:
        """Pass after pass for ever, sleeping while nothing changes."""
        self._news.set()
        while True:
            await self._wait()
            self._news.clear()
            await asyncio.sleep(GATHER_SECONDS)
            await self.refresh()
            if not self._master.cell.pending:
                continue
            try:
                await self._schedule_once(new_seed())
                continue
            except Fenced:
                raise
            except BorgError as error:
                log.warning("placements wait: %s", error.message)
            except Exception:
                # A pass that fails must not end the cell; the next one may find it otherwise.
                log.exception("a scheduling pass failed")
            await asyncio.sleep(RETRY_SECONDS)
            self._news.set()

    async def _wait(self) -> None:
        """Until something changed, or a task that was held back may be placed."""
        now = self._clock.now()
        ready = self._snapshots.next_ready(now)
        seconds = None if ready is None else max(0.0, (ready - now) / 1000)
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _schedule_once(self, seed: int) -> None:
        snapshot = self.snapshot()
        if not snapshot.pending:
            return
        plan = await self._passes.run(snapshot, self._master.cell.policy, seed)
        stale = await commit_plan(plan, self._commit)
        if stale:
            self.stale += stale
            self._passes.add_stale(stale)
            self._news.set()
