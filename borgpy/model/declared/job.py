"""Jobs and services as they are written."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from borgpy.model import limits
from borgpy.model.declared.alloc import UNKNOWN_RESOURCE, Placed
from borgpy.model.declared.numbered import DeclaredTaskRequirements
from borgpy.model.declared.package import DeclaredPackageUse
from borgpy.model.declared.parts import (
    DeclaredHealth,
    DeclaredOverride,
    DeclaredPort,
    DeclaredUpdate,
)
from borgpy.model.declared.values import (
    SECOND_MS,
    Arguments,
    JobName,
    Name,
    Path,
    Variables,
    seconds,
)
from borgpy.model.spec import AppClass, Package, Restart, TaskSpec

_TASK = TaskSpec(Package("", "", 0))


class Work(Placed, frozen=True, kw_only=True):
    """What jobs and services have in common."""

    requirements: Annotated[
        DeclaredTaskRequirements,
        Meta(
            description="What one task may take of its machine at most.",
            examples=["{ ram = 512MiB cpu = 0.5 }"],
            extra={"any_case": True, "unknown": UNKNOWN_RESOURCE},
        ),
    ] = DeclaredTaskRequirements()

    binary: Annotated[
        Path,
        Meta(
            description="The program to run: a file, relative to the directory of the one that says so.",
            examples=["./server"],
        ),
    ]
    args: Annotated[
        Arguments,
        Meta(
            description="What the program is called with, as `--name=value`, in order.",
            examples=["{ port = %port% }"],
        ),
    ] = msgspec.field(default_factory=dict)
    env: Annotated[
        Variables,
        Meta(
            description="Environment variables, besides those that the cell sets.",
            examples=["{ MODE = test }"],
        ),
    ] = msgspec.field(default_factory=dict)
    ports: Annotated[
        tuple[Name | DeclaredPort, ...],
        Meta(
            max_length=limits.MAX_PORTS,
            description="Ports that `args` and `env` do not name; naming one there asks for it already.",
            examples=["[admin]"],
        ),
    ] = ()
    packages: Annotated[
        tuple[Name | DeclaredPackageUse, ...],
        Meta(
            max_length=limits.MAX_PACKAGES,
            description="Further files for the task's directory: names of package declarations in this file, or records.",
            examples=["[data, { path = ./model.bin }]"],
        ),
    ] = ()
    health: Annotated[
        DeclaredHealth | None,
        Meta(
            description="How to find out whether a task is well; `{}` asks `/healthz` on `%port%`. Without it, a task is well that has run for ten seconds.",
            examples=["{ port = http path = /ok }"],
        ),
    ] = None
    notice: Annotated[
        float,
        Meta(
            ge=0,
            le=limits.MAX_NOTICE_MS // SECOND_MS,
            description="How long a task has to end, from SIGTERM to SIGKILL.",
            examples=["30s"],
            extra={"unit": "seconds"},
        ),
    ] = seconds(_TASK.notice_ms)
    update: Annotated[
        DeclaredUpdate,
        Meta(
            description="How tasks are replaced when the job changes.", examples=["{ batch = 5 }"]
        ),
    ] = DeclaredUpdate()
    overrides: Annotated[
        tuple[DeclaredOverride, ...],
        Meta(
            max_length=limits.MAX_OVERRIDE_RANGES,
            description="What some tasks are told besides; where two are about the same task, the later wins.",
            examples=["[{ tasks = 0 args = { leader = true } }]"],
        ),
    ] = ()
    alloc: Annotated[
        JobName | None,
        Meta(
            description="The alloc set in whose allocs the tasks run, by its name in quotes.",
            examples=["'cache'"],
        ),
    ] = None
    after: Annotated[
        JobName | Annotated[tuple[JobName, ...], Meta(max_length=limits.MAX_AFTER)],
        Meta(
            description="The job, or jobs, that must have finished before the tasks start, by name in quotes.",
            examples=["'extract'"],
        ),
    ] = ()
    expected_runtime: Annotated[
        float,
        Meta(
            ge=0,
            le=limits.MAX_RUNTIME_MS // SECOND_MS,
            description="How long a task is expected to run, so that those that end together can be put together; 0 if nobody knows.",
            examples=["10min"],
            extra={"unit": "seconds"},
        ),
    ] = 0
    quota_user: Annotated[
        Name | None,
        Meta(
            description="Whose quota the job counts against, if not its user's.",
            examples=["ads"],
        ),
    ] = None


class DeclaredJob(Work, frozen=True, kw_only=True):
    """Equal tasks: so many copies of one program."""

    restart: Annotated[
        Restart,
        Meta(
            description="What becomes of a task that exits by itself: `always` starts it again, `on_failure` does so unless its status is 0, `never` leaves it.",
            examples=["on_failure"],
        ),
    ] = _TASK.restart
    appclass: Annotated[
        AppClass,
        Meta(
            description="How a task shares its machine's CPU: `latency_sensitive` goes before `batch`.",
            examples=["latency_sensitive"],
        ),
    ] = AppClass.BATCH


class DeclaredService(Work, frozen=True, kw_only=True):
    """A job that never finishes: its tasks are always started again, and go before batch on their machines."""

    restart: Annotated[
        Literal["always"],
        Meta(description="A service is always started again; write a job if it is not."),
    ] = "always"
    appclass: Annotated[
        AppClass,
        Meta(
            description="How a task shares its machine's CPU: `latency_sensitive` goes before `batch`.",
            examples=["batch"],
        ),
    ] = AppClass.LATENCY_SENSITIVE
