"""What a Borglet's shell tells its `Agent`: each fact is the outcome of an action, or happened by itself."""

import msgspec

from borgpy.model.names import JobKey


class Instance(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One incarnation of one task: what an order, a sandbox and a report belong to."""

    job: JobKey
    index: int
    incarnation: int

    @property
    def key(self) -> tuple[JobKey, int]:
        """The task, whichever incarnation."""
        return (self.job, self.index)

    def __str__(self) -> str:
        return f"{self.job}/{self.index} (incarnation {self.incarnation})"


class PackageReady(msgspec.Struct, frozen=True, gc=False):
    """The outcome of `FetchPackage`: the binary and all other files lie in the cache, their digests proven."""

    task: Instance


class PackageFailed(msgspec.Struct, frozen=True, gc=False):
    """The other outcome of `FetchPackage`."""

    task: Instance
    reason: str


class TaskStarted(msgspec.Struct, frozen=True, gc=False):
    """The outcome of `StartTask`: the process lives, since ``started_at``."""

    task: Instance
    run: int
    pid: int
    ports: dict[str, int]
    started_at: int


class StartFailed(msgspec.Struct, frozen=True, gc=False):
    """The other outcome of `StartTask`: nothing runs."""

    task: Instance
    run: int
    reason: str


class StartInterrupted(msgspec.Struct, frozen=True, gc=False):
    """The Borglet ended between deciding to start a task and doing so; nobody is to blame."""

    task: Instance
    run: int


class TaskExited(msgspec.Struct, frozen=True, gc=False):
    """The task and everything it forked is gone, since ``exited_at``.

    ``exit_code`` is negative for a signal and None when nobody saw it end. ``reason`` says more than the exit code
    can ("out of memory: limit 100 MiB reached"); empty, the exit code says it all.
    """

    task: Instance
    run: int
    exit_code: int | None
    exited_at: int
    reason: str = ""


class HealthAnswered(msgspec.Struct, frozen=True, gc=False):
    """The outcome of `CheckHealth`. ``detail`` says what was wrong."""

    task: Instance
    run: int
    healthy: bool
    detail: str = ""


class LimitReached(msgspec.Struct, frozen=True, gc=False):
    """A running task has taken more RAM or disk than its limit."""

    task: Instance
    run: int
    reason: str


Fact = (
    PackageReady
    | PackageFailed
    | TaskStarted
    | StartFailed
    | StartInterrupted
    | TaskExited
    | HealthAnswered
    | LimitReached
)
