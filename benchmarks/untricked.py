"""The scheduler without what makes it fast: every task is looked at on every machine anew.

No equivalence classes, no rows of scores that are kept, no placing of many at once. Everything else is the same, and so
is the plan. It is here to show what the tricks are worth (Borg §3.4), and is of no use for anything else.
"""

from collections.abc import Sequence
from copy import copy

from borgpy.model.policy import Policy
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.placing import Taken, joined
from borgpy.scheduling.room import Kept, Room
from borgpy.scheduling.shapes import Shape
from borgpy.scheduling.snapshot import Snapshot


class UntrickedRoom(Room):
    """A room that forgets at once whatever it has worked out."""

    def shape(self, job: PendingJob, avoid: tuple[str, ...]) -> Shape:
        """Of this job alone. The number is that of its class, for the order in which jobs are placed hangs on it."""
        return copy(super().shape(job, avoid))

    def is_loose(self, job: PendingJob) -> bool:
        return False

    def take(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        parts: list[Taken] = []
        for _ in range(count):
            shape.row, shape.is_met = None, False
            eligibilities = Eligibilities(self.standing.snapshot, self._policy)
            shape.allowed = eligibilities.of(job, shape.avoid).able
            one = self.placing.each(shape, job, 1)
            if not len(one.rows):
                break
            parts.append(one)
        shape.row = None
        return joined(parts)


class NoTricks(Kept):
    """Keeps nothing: handed to a pass, it makes it do without."""

    def room(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> Room:
        return UntrickedRoom(snapshot, pending, policy)
