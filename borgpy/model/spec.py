"""What people ask for: a job, its tasks, and how they are kept healthy, restarted and replaced."""

import hashlib
from collections.abc import Iterable
from enum import Enum

import msgspec

from borgpy.model.constraints import Constraint, Exclusive
from borgpy.model.devices import DeviceRequest
from borgpy.model.names import JobKey, job_key, key_of
from borgpy.model.overrides import Override, Variant, overlaid
from borgpy.model.priority import DEFAULT_PRIORITY
from borgpy.model.resource_sets import SetRequest
from borgpy.model.resources import Resources

SECOND_MS = 1000

HEALTHY_AFTER_MS = 10 * SECOND_MS
"""Without a health check a task counts as healthy once it has run this long."""


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A binary in the Borgmaster's content-addressed store: the file's name, ``sha256`` in hex, size in bytes."""

    name: str
    digest: str
    size: int


class HealthCheck(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An HTTP check of a task's port; 2xx within the time-out is healthy. The defaults are Aurora's.

    Failures within ``grace_ms`` of the start do not count; more than ``failures_allowed`` failures in a row
    afterwards restart the task.
    """

    port: str = "port"
    path: str = "/healthz"
    grace_ms: int = 15 * SECOND_MS
    interval_ms: int = 10 * SECOND_MS
    timeout_ms: int = 1 * SECOND_MS
    failures_allowed: int = 0


class Restart(Enum):
    """What becomes of a task that exits by itself."""

    ALWAYS = "always"  # a service: whatever the exit status, it is started again
    ON_FAILURE = "on_failure"  # exit status 0 finishes it
    NEVER = "never"  # the first exit is the last


class AppClass(Enum):
    """How a task shares its machine with others (Borg §6.2); its priority says nothing about that."""

    BATCH = "batch"  # takes what is left over
    LATENCY_SENSITIVE = "latency_sensitive"  # answers people, and must not wait for the CPU


class UpdatePolicy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How changed tasks are replaced: at most ``batch`` of a job are down for it at a time; 0 means a tenth, at least 1."""

    batch: int = 0


class TaskSpec(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a Borglet needs to run one task. Two tasks with equal specs are interchangeable.

    ``args`` become ``--name=value`` in order. Naming a port with ``%port:NAME%`` (or ``%port%``, short for
    ``%port:port%``) is what requests it: ``ports`` lists the names, and ``fixed_ports`` gives the numbers of those that
    cannot be any. ``packages`` lie beside the binary in the task's directory. ``devices`` are asked for by kind, ``sets``
    by name, each at most once.
    """

    package: Package
    args: dict[str, str] = {}
    env: dict[str, str] = {}
    requirements: Resources = Resources()
    ports: tuple[str, ...] = ()
    health: HealthCheck | None = None
    restart: Restart = Restart.ALWAYS
    notice_ms: int = 5 * SECOND_MS
    appclass: AppClass = AppClass.BATCH
    packages: tuple[Package, ...] = ()
    fixed_ports: dict[str, int] = {}
    devices: tuple[DeviceRequest, ...] = ()
    sets: tuple[SetRequest, ...] = ()

    def request(self) -> Resources:
        """What one task takes of a machine: its requirements and one port for each name."""
        return self.requirements + Resources(ports=len(self.ports))

    def files(self) -> dict[str, int]:
        """What has to be on its machine before it starts: digests with their sizes in bytes. An alloc needs nothing."""
        packages = (self.package, *self.packages)
        return {package.digest: package.size for package in packages if package.digest}

    def with_overrides(self, overrides: Iterable[Override]) -> "TaskSpec":
        """This spec with the texts of ``overrides`` laid over its own, one after the other."""
        args, env = dict(self.args), dict(self.env)
        for override in overrides:
            args |= override.args
            env |= override.env
        return msgspec.structs.replace(self, args=args, env=env)

    def digest(self) -> str:
        """A name for exactly this spec: 128 bits of the hash of its canonical bytes."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()[:32]


class Kind(Enum):
    """What the tasks of a job are."""

    JOB = "job"  # programs
    ALLOC_SET = "alloc_set"  # allocs: room that is kept on machines, for the tasks of other jobs


class JobSpec(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A job as it is submitted: ``replicas`` tasks of one spec, for one user, in one cell.

    ``overrides`` change the spec for some of them. ``alloc`` names the alloc set whose allocs they run in, ``after`` the
    jobs that must have finished before they start; both are names (``JOB`` or ``USER/JOB``) for `names.key_of`.
    ``quota_user`` is whose quota the job is charged to, if not its own user's. An alloc set is a job of another ``kind``,
    which `borgpy.model.alloc` makes of what people submit. ``runtime_ms`` is how long a task is expected to run; 0:
    nobody knows. A 16th field would change the bytes of every job, and with them the hashes of old journals.
    """

    name: str
    user: str
    cell: str
    task: TaskSpec
    replicas: int = 1
    priority: int = DEFAULT_PRIORITY
    update: UpdatePolicy = UpdatePolicy()
    labels: dict[str, str] = {}
    constraints: tuple[Constraint, ...] = ()
    overrides: tuple[Override, ...] = ()
    alloc: str = ""
    after: tuple[str, ...] = ()
    quota_user: str = ""
    kind: Kind = Kind.JOB
    runtime_ms: int = 0

    @property
    def key(self) -> JobKey:
        return job_key(self.user, self.name)

    def is_exclusive(self) -> bool:
        """Whether nothing else may run beside its tasks (the soft form is a wish, and holds nobody off)."""
        return any(isinstance(rule, Exclusive) and not rule.weight for rule in self.constraints)

    def reserves_machines(self) -> bool:
        """Whether its tasks want whole machines for themselves; in an alloc, that is what they have it for."""
        return not self.alloc and self.is_exclusive()

    @property
    def is_alloc_set(self) -> bool:
        return self.kind is Kind.ALLOC_SET

    @property
    def alloc_key(self) -> JobKey:
        """The alloc set that ``alloc`` names; empty for a job whose tasks are on machines of their own."""
        return key_of(self.user, self.alloc) if self.alloc else JobKey("")

    def variants(self) -> tuple[tuple[Variant, TaskSpec], ...]:
        """What the tasks with overrides run, by ranges of their indexes in order; all others run ``task``."""
        return tuple(
            (Variant(first, last, spec.digest()), spec)
            for first, last, overrides in overlaid(self.overrides, self.replicas)
            if (spec := self.task.with_overrides(overrides)) != self.task
        )
