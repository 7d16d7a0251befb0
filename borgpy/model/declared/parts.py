"""The records within a job: where it runs, what it needs, how it is checked and replaced."""

from typing import Annotated

import msgspec
from msgspec import Meta

from borgpy.model import limits
from borgpy.model.declared.values import (
    SECOND_MS,
    Amount,
    Arguments,
    Cores,
    Disk,
    HealthSeconds,
    Indexes,
    Name,
    Ram,
    Variables,
    seconds,
)
from borgpy.model.resources import MILLI, Resources
from borgpy.model.spec import HealthCheck

DEFAULT_REQUIREMENTS = Resources(cpu=100, ram=64 << 20, disk=64 << 20)
"""What a task gets that does not say: a tenth of a core, 64 MiB of memory, 64 MiB of disk. Enough for a small server,
little enough that a forgotten line does not fill a machine."""

_HEALTH = HealthCheck()


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A record with a closed set of fields."""


class DeclaredRuntime(Part, frozen=True, kw_only=True):
    """Where to run."""

    cell: Annotated[Name, Meta(description="The cell to run in.", examples=["ic"])]


class DeclaredRequirements(Part, frozen=True, kw_only=True):
    """What one task may take of its machine at most. Names may be written in capitals."""

    cpu: Annotated[
        Cores,
        Meta(
            description="CPU cores, in whole thousandths; `250m` is a quarter of one.",
            examples=["0.5"],
        ),
    ] = DEFAULT_REQUIREMENTS.cpu / MILLI
    ram: Annotated[
        Ram,
        Meta(
            description="Memory in whole bytes. A task that takes more is ended.",
            examples=["512MiB"],
        ),
    ] = DEFAULT_REQUIREMENTS.ram
    disk: Annotated[
        Disk,
        Meta(
            description="Room for the task's own directory, its logs included, in whole bytes.",
            examples=["2G"],
        ),
    ] = DEFAULT_REQUIREMENTS.disk
    extra: Annotated[
        dict[Name, Amount],
        Meta(
            max_length=limits.MAX_EXTRA_RESOURCES,
            description="Further resources that machines of this cell offer, by name: whole numbers or bytes.",
            examples=["{ gpu_millis = 500 }"],
        ),
    ] = {}


class DeclaredHealth(Part, frozen=True, kw_only=True):
    """An HTTP check of each task. A task that fails it once it has started up is restarted."""

    port: Annotated[
        Name, Meta(description="The port that is asked, by its name.", examples=["http"])
    ] = _HEALTH.port
    path: Annotated[
        str,
        Meta(
            pattern="^/",
            description="What is asked for. A status of 200 to 299 in time is healthy.",
            examples=["/healthz"],
        ),
    ] = _HEALTH.path
    grace: Annotated[
        HealthSeconds,
        Meta(
            ge=0,
            description="How long after its start failures of a task do not count.",
            examples=["30s"],
        ),
    ] = seconds(_HEALTH.grace_ms)
    interval: Annotated[
        HealthSeconds,
        Meta(
            ge=limits.MIN_INTERVAL_MS / SECOND_MS,
            description="The time from one check to the next.",
            examples=["5s"],
        ),
    ] = seconds(_HEALTH.interval_ms)
    timeout: Annotated[
        HealthSeconds,
        Meta(
            ge=1 / SECOND_MS,
            description="How long an answer may take.",
            examples=["500ms"],
        ),
    ] = seconds(_HEALTH.timeout_ms)
    failures_allowed: Annotated[
        int,
        Meta(
            ge=0,
            le=limits.MAX_FAILURES_ALLOWED,
            description="How many failures in a row are forgiven; one more restarts the task.",
            examples=["2"],
        ),
    ] = _HEALTH.failures_allowed


class DeclaredUpdate(Part, frozen=True, kw_only=True):
    """How tasks are replaced when their job changes."""

    batch: Annotated[
        int,
        Meta(
            ge=0,
            le=limits.MAX_REPLICAS,
            description="How many tasks may be down for an update at a time; 0 stands for a tenth of the replicas, at least 1.",
            examples=["5"],
        ),
    ] = 0


class DeclaredPort(Part, frozen=True, kw_only=True):
    """A port of each task."""

    name: Annotated[
        Name,
        Meta(description="What the port is called, in `%port:NAME%` for one.", examples=["http"]),
    ]
    number: Annotated[
        Annotated[int, Meta(ge=1, le=limits.MAX_PORT_NUMBER)] | None,
        Meta(
            description="The port's number, if it cannot be any that is free: then a machine takes one such task only.",
            examples=["53"],
        ),
    ] = None


class DeclaredOverride(Part, frozen=True, kw_only=True):
    """What some of a job's tasks are told besides."""

    tasks: Annotated[
        Indexes,
        Meta(
            description="Which tasks: an index, counted from 0, or several as text.",
            examples=["'0,2,5-9'"],
        ),
    ]
    args: Annotated[
        Arguments,
        Meta(
            description="Arguments that are added to the job's, or replace those of the same name.",
            examples=["{ verbose = true }"],
        ),
    ] = {}
    env: Annotated[
        Variables,
        Meta(
            description="Variables that are added to the job's, or replace those of the same name.",
            examples=["{ MODE = canary }"],
        ),
    ] = {}
