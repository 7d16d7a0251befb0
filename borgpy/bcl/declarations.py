"""Jobs and alloc sets as a file declares them: everything of them but the packages that their files become."""

from collections.abc import Mapping, Sequence

import msgspec

from borgpy.bcl.diagnostics import Span
from borgpy.model.alloc import AllocSetSpec
from borgpy.model.constraints import Constraint
from borgpy.model.devices import DeviceRequest
from borgpy.model.overrides import Override
from borgpy.model.resource_sets import SetRequest
from borgpy.model.resources import Resources
from borgpy.model.spec import (
    AppClass,
    HealthCheck,
    JobSpec,
    Package,
    Restart,
    TaskSpec,
    UpdatePolicy,
)


class FileUse(msgspec.Struct, frozen=True):
    """A file that a job needs: ``path`` as it is written, relative to the directory of ``span.file``.

    Without a path it is the package with this ``digest``, which the cell has already; with both, the file must have it.
    """

    name: str
    path: str
    digest: str
    span: Span


class JobDeclaration(msgspec.Struct, frozen=True):
    """A job or service as a file declares it. ``binary`` is still a path, relative to the directory of ``binary_span.file``.

    ``user`` is empty unless the file names one. ``where`` tells for each field of the file, by its dotted name
    (``requirements.ram``), where its value is written, so that a later refusal can point at the line.
    """

    name: str
    cell: str
    binary: str
    binary_span: Span
    args: dict[str, str]
    env: dict[str, str]
    requirements: Resources
    ports: tuple[str, ...]
    health: HealthCheck | None
    restart: Restart
    notice_ms: int
    replicas: int
    priority: int
    update: UpdatePolicy
    user: str
    where: Mapping[str, Span]
    appclass: AppClass = AppClass.BATCH
    labels: dict[str, str] = {}
    constraints: tuple[Constraint, ...] = ()
    overrides: tuple[Override, ...] = ()
    packages: tuple[FileUse, ...] = ()
    fixed_ports: dict[str, int] = {}
    alloc: str = ""
    after: tuple[str, ...] = ()
    quota_user: str = ""
    devices: tuple[DeviceRequest, ...] = ()
    sets: tuple[SetRequest, ...] = ()
    runtime_ms: int = 0

    def spec(self, package: Package, user: str, packages: Sequence[Package] = ()) -> JobSpec:
        """The job to submit, for the file's user or else ``user``.

        ``package`` holds its binary, ``packages`` are those of `packages` in their order.
        """
        task = TaskSpec(
            package=package,
            args=self.args,
            env=self.env,
            requirements=self.requirements,
            ports=self.ports,
            health=self.health,
            restart=self.restart,
            notice_ms=self.notice_ms,
            appclass=self.appclass,
            packages=tuple(packages),
            fixed_ports=self.fixed_ports,
            devices=self.devices,
            sets=self.sets,
        )
        return JobSpec(
            name=self.name,
            user=self.user or user,
            cell=self.cell,
            task=task,
            replicas=self.replicas,
            priority=self.priority,
            update=self.update,
            labels=self.labels,
            constraints=self.constraints,
            overrides=self.overrides,
            alloc=self.alloc,
            after=self.after,
            quota_user=self.quota_user,
            runtime_ms=self.runtime_ms,
        )


class AllocDeclaration(msgspec.Struct, frozen=True):
    """An alloc set as a file declares it; ``user`` and ``where`` are as in a `JobDeclaration`."""

    name: str
    cell: str
    requirements: Resources
    replicas: int
    priority: int
    constraints: tuple[Constraint, ...]
    labels: dict[str, str]
    user: str
    where: Mapping[str, Span]

    def spec(self, user: str) -> AllocSetSpec:
        """The alloc set to submit, for the file's user or else ``user``."""
        return AllocSetSpec(
            name=self.name,
            user=self.user or user,
            cell=self.cell,
            requirements=self.requirements,
            replicas=self.replicas,
            priority=self.priority,
            constraints=self.constraints,
            labels=self.labels,
        )
