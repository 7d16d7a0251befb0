"""What an `Agent` asks of its shell: values, carried out in any order, each answered by a fact of `borgpy.borglet.facts`."""

import msgspec

from borgpy.borglet.facts import Instance
from borgpy.model.spec import HealthCheck, Package, TaskSpec


class FetchPackage(msgspec.Struct, frozen=True, gc=False):
    """Bring the binary, and ``more`` files, into the cache. Answered by `PackageReady` or `PackageFailed`."""

    task: Instance
    package: Package
    more: tuple[Package, ...] = ()


class StartTask(msgspec.Struct, frozen=True, gc=False):
    """Start the task's ``run``-th process. Answered by `TaskStarted` (and later `TaskExited`) or `StartFailed`.

    ``ports`` are those of the run before; they are kept where they are still free.
    """

    task: Instance
    run: int
    spec: TaskSpec
    ports: dict[str, int]


class StopTask(msgspec.Struct, frozen=True, gc=False):
    """End a run: SIGTERM now, SIGKILL after the notice. Answered by `TaskExited`, in the end."""

    task: Instance
    run: int
    notice_ms: int
    reason: str


class KillTask(msgspec.Struct, frozen=True, gc=False):
    """End a run that outlived its notice, by every means. Answered by `TaskExited`."""

    task: Instance
    run: int


class CheckHealth(msgspec.Struct, frozen=True, gc=False):
    """Ask the task's port once. Answered by `HealthAnswered`, within the check's time-out."""

    task: Instance
    run: int
    port: int
    check: HealthCheck


class ForgetTask(msgspec.Struct, frozen=True, gc=False):
    """The incarnation is over: its sandbox and logs may be collected after a while. Not answered."""

    task: Instance


Action = FetchPackage | StartTask | StopTask | KillTask | CheckHealth | ForgetTask
