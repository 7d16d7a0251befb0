"""What is free while a pass goes on, and the best place for so many tasks of one class there."""

from collections.abc import Sequence

import numpy as np

from borgpy.model.policy import Packing, Policy
from borgpy.model.resources import Resources
from borgpy.scheduling.domains import Domains
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.feasibility import request_vector
from borgpy.scheduling.placing import Placing, Taken
from borgpy.scheduling.plugins import Plugins
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.refusals import Refusals
from borgpy.scheduling.scarcity import Scarcity, demand_of, scarcity_of, total_of
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.scoring import units
from borgpy.scheduling.shapes import Asked, Shape, class_key
from borgpy.scheduling.snapshot import Ints, Snapshot
from borgpy.scheduling.standing import Standing
from borgpy.scheduling.tying import Tying

MOST_SHAPES = 5000
"""Classes that are kept from one pass to the next."""


class Room:
    """The columns of a pass, and the classes that are placed on them.

    All arithmetic is on whole numbers, so that giving back restores exactly what was.
    """

    def __init__(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> None:
        self.standing = Standing(snapshot)
        self._policy = policy
        self._machines = len(snapshot)
        self._versions = snapshot.versions
        self._capacity = [total_of(column) for column in snapshot.capacity.T]
        self._free = [total_of(column) for column in snapshot.free.T]
        self._scarcity = self._demand(snapshot, pending)
        self._mixes = any(part.packing is Packing.HYBRID for part in policy.packing)
        self._scores = Scores(self.standing, policy, self._scarcity)
        self._shapes: dict[object, Shape] = {}
        self._vectors: dict[Resources, tuple[Ints, float]] = {}
        self._domains: dict[str, Domains] = {}
        self._passes = 0

    def begin(self, seed: int, plugins: Plugins, recorder: Recorder) -> None:
        """A pass begins."""
        snapshot = self.standing.snapshot
        self.recorder = recorder
        self._scores.begin(plugins, recorder)
        self._eligibilities = Eligibilities(snapshot, self._policy)
        self._tying = Tying(self.standing, self._policy, self._domains)
        self.placing = Placing(self.standing, self._scores, self._tying, self._policy, seed)
        self._numbers = 0
        self._passes += 1

    def renew(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> bool:
        """Become what a later snapshot says, at the price of what has changed; not possible if too much has."""
        before = self.standing.snapshot
        if snapshot.layout is not before.layout or policy != self._policy:
            return False
        if snapshot.devices or snapshot.sets or before.devices or before.sets:
            return False
        rows = np.flatnonzero(self._scores.touched() | (snapshot.versions != self._versions))
        for d in range(len(self._free)):
            self._free[d] += total_of(snapshot.free[rows, d]) - total_of(before.free[rows, d])
        if self._mixes and self._demand(snapshot, pending) != self._scarcity:
            return False
        self.standing.renew(snapshot, rows)
        self._scores.renew(rows)
        self._versions = snapshot.versions
        self._shapes = {key: shape for key, shape in self._shapes.items() if shape.is_lasting()}
        if len(self._shapes) > MOST_SHAPES:
            self._shapes.clear()
        self._scores.keep(self._shapes.values())
        return True

    def _demand(self, snapshot: Snapshot, pending: Sequence[PendingJob]) -> Scarcity:
        wanted = demand_of(pending, snapshot.dimensions)
        running = zip(wanted, self._capacity, self._free, strict=True)
        return scarcity_of([p + c - f for p, c, f in running], self._capacity)

    def shape(self, job: PendingJob, avoid: tuple[str, ...]) -> Shape:
        """The equivalence class of a job's tasks that avoid these machines."""
        key = class_key(job, avoid, self._policy)
        known = self._shapes.get(key)
        if known is None:
            vector, size = self._vector(job.request)
            eligible = self._eligibilities.of(job, avoid)
            wish = None if eligible.wish is None else units(eligible.wish)
            asked = Asked(vector, size, self.standing.sets_for(job))
            known = self._shapes[key] = Shape(job, avoid, asked, eligible.able, wish)
        if known.passes != self._passes:
            self._numbers += 1
            known.begin(self._passes, self._numbers)
            self.recorder.classes += 1
        return known

    def is_loose(self, job: PendingJob) -> bool:
        """Whether any of its tasks could as well be another job's of the same class."""
        return self.placing.is_loose(job)

    def fits(self, shape: Shape) -> bool:
        """Whether any machine could take one task of this class now, other jobs' whereabouts aside."""
        return bool(self._scores.open_to(shape, slice(None)).any())

    def take(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        """Place up to ``count`` tasks; fewer only if no machine can take one more."""
        return self.placing.take(shape, job, count)

    def give_back(self, taken: Taken) -> None:
        self.placing.give_back(taken)

    def refusals(self) -> Refusals:
        """What speaks against tasks as things stand now."""
        return Refusals(
            self.standing, self._policy, self._eligibilities, self._tying.shuns, self._scores
        )

    def _vector(self, request: Resources) -> tuple[Ints, float]:
        known = self._vectors.get(request)
        if known is None:
            vector = request_vector(self.standing.snapshot.dimensions, request)
            known = self._vectors[request] = (vector, self._scores.size(vector))
        return known


class Kept:
    """The room of the last pass, for the next one: Borg's scheduler, too, has a copy of the cell that it keeps (§3.4)."""

    def __init__(self) -> None:
        self._room: Room | None = None

    def room(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> Room:
        """A room for ``snapshot``, as if it were new."""
        room, self._room = self._room, None  # one that could only half be renewed is not kept
        if room is None or not room.renew(snapshot, pending, policy):
            room = Room(snapshot, pending, policy)
        self._room = room
        return room
