"""What is free while a pass goes on, and the best place for so many tasks of one class there."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec
import numpy as np

from borgpy.model.policy import Packing, Policy
from borgpy.model.resources import Resources
from borgpy.scheduling.domains import Domains, Tie, Ties
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.feasibility import request_vector
from borgpy.scheduling.merge import merge
from borgpy.scheduling.plugins import Plugins
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.refusals import Refusals
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.scoring import UNIT, Scarcity, demand_of, scarcity_of, total_of, units
from borgpy.scheduling.shapes import Asked, Shape, class_key
from borgpy.scheduling.snapshot import Floats, Ints, Mask, Rows, Snapshot
from borgpy.scheduling.standing import Booking, Inner, Standing
from borgpy.scheduling.tying import Tying

FEW = 64
"""So many tasks are placed sooner one by one than by `merge`, which sorts."""


class Taken(msgspec.Struct, frozen=True, eq=False):
    """What tasks of one job took: ``rows`` names the machine of each in order, ``bookings`` how to give it back."""

    rows: Rows
    bookings: tuple[Booking, ...] = ()
    inner: tuple[Inner, ...] = ()


MOST_SHAPES = 1000
"""Classes whose scores are kept from one pass to the next: 80 MB for 10,000 machines."""

NOTHING_TAKEN = Taken(np.zeros(0, np.intp))
NO_WORSE: Floats = np.zeros(0)


class _Own:
    """A job's penalties within a row of scores, while some of its tasks are placed."""

    def __init__(self, score: Floats, ties: Ties | None) -> None:
        self._score = score
        self._ties = () if ties is None else ties.ties
        self._counts = [] if ties is None else ties.counts()
        self._before: list[tuple[Rows | slice, Floats]] = []
        self._bases: dict[int, float] = {}
        for tie, counts in zip(self._ties, self._counts, strict=True):
            for domain, there in counts.items():
                self._add(tie, domain, tie.worse(domain, there))

    def placed(self, row: int, base: float, *, is_last: bool) -> None:
        """A task went to a machine, whose score is ``base`` now, but for the penalties."""
        self._bases[row] = base
        if is_last:
            return
        domains = [int(tie.domains.codes[row]) for tie in self._ties]
        places = list(zip(self._ties, domains, self._counts, strict=True))
        for tie, domain, counts in places:
            base += tie.worse(domain, counts.get(domain, 0))
        self._score[row] = base
        for tie, domain, counts in places:
            there = counts.get(domain, 0)
            counts[domain] = there + 1
            self._add(tie, domain, tie.worse(domain, there + 1) - tie.worse(domain, there))

    def clear(self) -> None:
        """The row is again what it would be for any other job."""
        for rows, scores in reversed(self._before):
            self._score[rows] = scores
        for row, base in self._bases.items():
            self._score[row] = base

    def _add(self, tie: Tie, domain: int, worse: float) -> None:
        if worse:
            rows = tie.domains.rows_of(domain)
            self._before.append((rows, self._score[rows].copy()))
            self._score[rows] += worse


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
        self._seed = seed
        self._scores.begin(plugins, recorder)
        self._eligibilities = Eligibilities(snapshot, self._policy)
        self._tying = Tying(self.standing, self._policy, self._domains)
        self._watched = self._tying.watched()
        self._samples = self._numbers = 0
        self._passes += 1

    def renew(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> bool:
        """Become what a later snapshot says, at the price of what has changed; not possible if too much has."""
        before = self.standing.snapshot
        if snapshot.layout is not before.layout or policy != self._policy:
            return False
        if snapshot.devices or snapshot.sets or before.devices or before.sets:
            return False
        rows = np.union1d(
            self._scores.touched(), np.flatnonzero(snapshot.versions != self._versions)
        )
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

    def _ties(self, shape: Shape, job: PendingJob) -> Ties | None:
        return self._tying.ties(job, lambda: self._allowed(shape))

    def _allowed(self, shape: Shape) -> Mask:
        """bool[machines]: where the class may be whoever is there."""
        usable = self._scores.usable
        return usable if shape.allowed is None else usable & shape.allowed

    def is_loose(self, job: PendingJob) -> bool:
        """Whether any of its tasks could as well be another job's of the same class."""
        return self._tying.is_loose(job) and job.job not in self._watched

    def fits(self, shape: Shape) -> bool:
        """Whether any machine could take one task of this class now, other jobs' whereabouts aside."""
        return bool(self._scores.open_to(shape, slice(None)).any())

    def take(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        """Place up to ``count`` tasks; fewer only if no machine can take one more."""
        ties = self._ties(shape, job)
        if self._policy.sample or self._policy.good_enough:
            return self._sampled(shape, job, count, ties)
        if count > 1 and ties is not None and (ties.moving or not ties.chain):
            return self._each(shape, job, count, ties)
        if self._scores.needs_state(shape):
            return self._each(shape, job, count, ties)
        if count <= FEW:
            if (ties is None or ties.is_sparse()) and not (job.ports or job.runtime_ms):
                return self._few(shape, job, count, ties)
            return self._each(shape, job, count, ties)
        return self._many(shape, job, count, ties)

    def refusals(self) -> Refusals:
        """What speaks against tasks as things stand now."""
        return Refusals(
            self.standing, self._policy, self._eligibilities, self._tying.shuns, self._scores
        )

    def give_back(self, taken: Taken) -> None:
        for booking in reversed(taken.bookings):
            self.standing.give_back(booking)
            self._scores.changed(booking.machines)

    def _each(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """One after the other, each on what is then the best of all machines."""
        rows: list[int] = []
        bookings: list[Booking] = []
        inner: list[Inner] = []
        while self._machines and len(rows) < count:
            score = self._scores.row(shape)
            if ties is not None:
                score = score + ties.worse(self._machines)
            row = int(score.argmin())
            if score[row] == np.inf:
                break
            booking = self._book(shape, job, np.array([row]), np.ones(1, np.int64))
            rows.append(row)
            bookings.append(booking)
            inner.append(booking.inner)
            if len(rows) < count:
                ties = self._ties(shape, job)
        return Taken(np.array(rows, np.intp), tuple(bookings), tuple(inner))

    def _few(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """As `_each`, of a class whose tasks only take amounts, and tie only their own job.

        Penalties are written into the row of scores, where the domains of the job's tasks are, and taken out again.
        """
        if not self._machines:
            return NOTHING_TAKEN
        score = self._scores.row(shape)
        own = _Own(score, ties)
        rows: list[int] = []
        while len(rows) < count:
            row = int(score.argmin())
            if score[row] == np.inf:
                break
            self.standing.take_one(job, shape.amounts, row)
            self._scores.changed(np.array([row]))
            own.placed(row, self._scores.following(shape, row), is_last=len(rows) + 1 == count)
            rows.append(row)
        own.clear()
        if not rows:
            return NOTHING_TAKEN
        self._scores.is_seen(shape)
        booking = self.standing.booked(job, shape.vector, rows, tells=self._tells(job))
        return Taken(np.array(rows, np.intp), (booking,))

    def _many(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """All at once, on the machines where one by one would have put them."""
        score = self._scores.row(shape)
        able = score < np.inf
        if ties is not None and ties.barred is not None:
            able = able & ~ties.barred
        rows = np.flatnonzero(able)
        extra = None if ties is None else ties.extra
        levels = () if ties is None else ties.levels()
        each = merge(
            lambda machines, before: self._scores.at(shape, machines, before, extra),
            rows,
            score[rows] if extra is None else score[rows] + extra[rows],
            lambda machines: self._scores.fits_on(shape, machines, count),
            count,
            levels,
        )
        return self._taken(shape, job, each)

    def _sampled(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """Borg's relaxed randomisation: the best of some machines that can take a task, found from a random one on."""
        placed: list[Taken] = []
        left = count
        while left:
            rows, score = self._sample(shape, ties)
            if not len(rows):
                break
            taken = self._from_sample(shape, job, rows, score, left, ties)
            placed.append(taken)
            left -= len(taken.rows)
            if left and ties is not None:
                ties = self._ties(shape, job)
        # Who holds anything by number is placed alone; where several were placed at once, nobody does.
        inner = tuple(held for taken in placed for held in taken.inner)
        rows = np.concatenate([taken.rows for taken in placed]) if placed else NOTHING_TAKEN.rows
        return Taken(
            rows,
            tuple(booking for taken in placed for booking in taken.bookings),
            inner if len(inner) == len(rows) else (),
        )

    def _from_sample(
        self, shape: Shape, job: PendingJob, rows: Rows, score: Floats, left: int, ties: Ties | None
    ) -> Taken:
        """One task on the best of the sample; several, if nothing but the machines themselves matters."""
        alone = ties is not None or self._scores.needs_state(shape)
        several = 1 if alone else min(left, max(1, len(rows) // 2))
        if several == 1:
            return self._taken(shape, job, rows[[int(score.argmin())]])
        each = merge(
            lambda machines, before: self._scores.at(shape, machines, before, None),
            rows,
            score,
            lambda machines: self._scores.fits_on(shape, machines, several),
            several,
        )
        return self._taken(shape, job, each)

    def _sample(self, shape: Shape, ties: Ties | None) -> tuple[Rows, Floats]:
        """Machines that can take a task with their scores, in the order of names."""
        wanted = self._policy.sample or self._machines
        worse = NO_WORSE if ties is None else ties.worse(self._machines)
        enough = self._policy.good_enough / 1000 * UNIT
        start = self._start()
        size = max(32, 2 * self._policy.sample) if self._policy.sample else 256
        found: list[Rows] = []
        scores: list[Floats] = []
        seen = number = 0
        while seen < self._machines and number < wanted:
            block = (start + np.arange(seen, min(self._machines, seen + size))) % self._machines
            seen += len(block)
            size = min(8192, 2 * size)
            score = self._scores.of(shape, block)
            if ties is not None:
                score = score + worse[block]
            able = np.flatnonzero(score < np.inf)[: wanted - number]
            if not able.size:
                continue
            number += len(able)
            found.append(block[able])
            scores.append(score[able])
            if self._policy.good_enough and float(scores[-1].min()) <= enough:
                good = np.flatnonzero(scores[-1] <= enough)[:1]
                return found[-1][good], scores[-1][good]
        if not found:
            return NOTHING_TAKEN.rows, np.zeros(0)
        rows, score = np.concatenate(found), np.concatenate(scores)
        order = np.argsort(rows)
        return rows[order], score[order]

    def _start(self) -> int:
        """Where the next search begins: drawn from the seed and nothing else."""
        self._samples += 1
        draw = blake2b(f"{self._seed}/{self._samples}".encode(), digest_size=8).digest()
        return int.from_bytes(draw, "big") % self._machines if self._machines else 0

    def _taken(self, shape: Shape, job: PendingJob, each: Rows) -> Taken:
        if not len(each):
            return NOTHING_TAKEN
        machines, counts = np.unique(each, return_counts=True)
        booking = self._book(shape, job, machines, counts.astype(np.int64))
        held = (booking.inner,) if len(each) == 1 else ()
        return Taken(each, (booking,), held)

    def _book(self, shape: Shape, job: PendingJob, machines: Rows, counts: Ints) -> Booking:
        booking = self.standing.take(
            job,
            shape.vector,
            machines,
            counts,
            shape.sets,
            tells=self._tells(job),
        )
        self._scores.changed(machines)
        return booking

    def _tells(self, job: PendingJob) -> bool:
        """Whether it matters to anybody where the job's tasks are."""
        return job.replicas > 1 or bool(job.constraints) or job.job in self._watched

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
        room, self._room = self._room, None  # what fails halfway is not kept
        if room is None or not room.renew(snapshot, pending, policy):
            room = Room(snapshot, pending, policy)
        self._room = room
        return room
