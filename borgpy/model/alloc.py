"""Alloc sets: room that is kept on several machines, into which jobs are submitted (Borg §2.4)."""

import msgspec

from borgpy.model.constraints import Constraint
from borgpy.model.names import JobKey, job_key
from borgpy.model.priority import DEFAULT_PRIORITY
from borgpy.model.resources import Resources
from borgpy.model.spec import JobSpec, Kind, Package, TaskSpec

NO_PACKAGE = Package("", "", 0)
"""What an alloc runs: nothing. It is never handed to a Borglet."""


class AllocSetSpec(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """``replicas`` allocs, each keeping ``requirements`` on one machine, whether they are used or not."""

    name: str
    user: str
    cell: str
    requirements: Resources
    replicas: int = 1
    priority: int = DEFAULT_PRIORITY
    constraints: tuple[Constraint, ...] = ()
    labels: dict[str, str] = {}

    @property
    def key(self) -> JobKey:
        """Alloc sets and jobs of a user share one space of names (both are placed as collections of tasks)."""
        return job_key(self.user, self.name)

    def job(self) -> JobSpec:
        """The alloc set as the cell keeps it: a job whose tasks are its allocs."""
        return JobSpec(
            name=self.name,
            user=self.user,
            cell=self.cell,
            task=TaskSpec(package=NO_PACKAGE, requirements=self.requirements),
            replicas=self.replicas,
            priority=self.priority,
            labels=self.labels,
            constraints=self.constraints,
            kind=Kind.ALLOC_SET,
        )


def alloc_set_of(spec: JobSpec) -> AllocSetSpec:
    """What `AllocSetSpec.job` made ``spec`` of."""
    return AllocSetSpec(
        name=spec.name,
        user=spec.user,
        cell=spec.cell,
        requirements=spec.task.requirements,
        replicas=spec.replicas,
        priority=spec.priority,
        constraints=spec.constraints,
        labels=spec.labels,
    )
