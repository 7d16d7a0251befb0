"""Alloc sets: room that is kept on several machines, into which jobs are submitted (Borg §2.4)."""

import msgspec

from borgpy.model.constraints import Constraint
from borgpy.model.names import JobKey, job_key
from borgpy.model.priority import DEFAULT_PRIORITY
from borgpy.model.resources import Resources


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
