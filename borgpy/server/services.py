"""What the interface's handlers have at hand: the parts of one running Borgmaster."""

from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from borgpy.clock import Clock
from borgpy.errors import NotFound
from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.model.cell import CellView, Job
from borgpy.model.names import JobKey, job_key
from borgpy.model.operations import AnyRequest
from borgpy.model.refusal import Outcome, Refusal
from borgpy.server.commit import Committer
from borgpy.server.historian import Historian
from borgpy.server.notice import Signal
from borgpy.server.package_store import PackageStore
from borgpy.server.passes import Passes
from borgpy.server.scheduler_loop import SchedulerLoop
from borgpy.server.usage import UsageBook
from borgpy.store.faces import Store


class Services(msgspec.Struct, frozen=True, eq=False):
    """The parts, wired together once by `borgpy.server.app`."""

    master: Borgmaster
    committer: Committer
    scheduler: SchedulerLoop
    passes: Passes
    historian: Historian
    packages: PackageStore
    store: Store
    http: aiohttp.ClientSession
    clock: Clock
    credential: str
    changes: Signal
    usage: UsageBook
    take_checkpoint: Callable[[], Awaitable[int]]

    @property
    def cell(self) -> CellView:
        return self.master.cell

    def job(self, user: str, name: str) -> tuple[JobKey, Job]:
        """A job by its path; `NotFound` says which there are."""
        key = job_key(user, name)
        job = self.cell.jobs.get(key)
        if job is None:
            own = sorted(k for k in self.cell.jobs if k.startswith(f"{user}/"))[:10]
            hint = f"{user} has {', '.join(own)}" if own else f"{user} has no jobs"
            raise NotFound(f"there is no job {key} in cell {self.cell.name}", hint=hint)
        return key, job

    async def request(self, operation: AnyRequest) -> Outcome:
        """Commit a request, unless it is hopeless as things stand."""
        preview = self.master.preview(operation)
        if isinstance(preview, Refusal):
            return preview
        return outcome_of(await self.committer.commit(operation))

    async def until_changed(self, key: JobKey, after: int, wait_ms: int) -> None:
        """Wait until a job has changed since ``after``, is gone, or the time is up."""
        end = self.clock.steady_seconds() + wait_ms / 1000
        while (job := self.cell.jobs.get(key)) is not None and job.changed_seq <= after:
            left = end - self.clock.steady_seconds()
            if left <= 0 or not await self.changes.wait(left):
                return
