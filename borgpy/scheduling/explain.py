"""Why a task is not placed: the reasons as masks, the nearest miss, and what would place it."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import msgspec
import numpy as np

from borgpy.model import constraints as c
from borgpy.model.devices import WHOLE
from borgpy.model.names import task_key
from borgpy.model.plan import Veto, VetoKind
from borgpy.model.policy import Policy
from borgpy.model.resources import Resources
from borgpy.scheduling.devices import Devices
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.feasibility import Counts, Reasons, reasons, vetoes
from borgpy.scheduling.lacking import lacking
from borgpy.scheduling.neighbours import (
    EVERY,
    Ruling,
    device_words,
    is_said_by,
    other_of,
    port_words,
    set_words,
    shuns_of,
)
from borgpy.scheduling.resource_sets import Sets
from borgpy.scheduling.snapshot import ABSENT, STANDARD_COUNT, Mask, Snapshot
from borgpy.scheduling.standing import Standing

MACHINE = "machine"
ALLOC = "alloc"


class Change(msgspec.Struct, frozen=True):
    """Asking for no more than ``amount`` of one dimension would place the task on ``machines``, e.g. ``machine``."""

    dimension: str
    amount: int
    machines: int
    machine: str


class Drop(msgspec.Struct, frozen=True):
    """Without this reason the task would fit on ``machines``, e.g. ``machine``.

    ``own`` says that the job asks for it; else it is others who keep the task off.
    """

    kind: VetoKind
    detail: str
    machines: int
    machine: str
    own: bool = True


class Step(msgspec.Struct, frozen=True):
    """A reason takes away ``removed`` of the machines that those before it left."""

    kind: VetoKind
    detail: str
    removed: int


class Explanation(msgspec.Struct, frozen=True):
    """Where a task that asks for ``request`` stands against every machine of the cell.

    ``fits_now`` counts the machines that can take it, ``fits_empty`` those which would have room for it if nothing
    else ran there. ``nearest`` is the machine that lacks least, all dimensions together, ``missing`` what it lacks
    and ``against`` what else speaks against it. ``largest`` is for each dimension asked for the most that any machine
    it may use has free, the other dimensions left aside. ``changes`` each place it at once, the smallest first, and
    so do ``drops``, those with most machines first. ``funnel`` is what takes machines away, one after the other,
    before resources are looked at; ``notes`` are what one should know about that. ``place`` is what ``machines``
    counts: machines, or the allocs of the job's set.
    """

    request: Resources
    machines: int
    fits_now: int
    fits_empty: int
    vetoes: tuple[Veto, ...] = ()
    nearest: str = ""
    missing: dict[str, int] = {}
    against: tuple[str, ...] = ()
    largest: dict[str, int] = {}
    changes: tuple[Change, ...] = ()
    drops: tuple[Drop, ...] = ()
    funnel: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    place: str = MACHINE


def explain(
    snapshot: Snapshot, job: PendingJob, avoid: tuple[str, ...] = (), plugins: Sequence[Ruling] = ()
) -> Explanation:
    """Look at every machine for one task of ``job``.

    If other jobs matter to it, or its own tasks to each other, it must be pending in the snapshot, which else does
    not know where they are. ``avoid`` names machines that it kept crashing on; ``plugins`` say where plug-ins allow it.
    """
    place = MACHINE
    if job.alloc:
        allocs = snapshot.allocs.get(job.alloc)
        if not allocs:
            homeless = Veto(VetoKind.ALLOC, len(snapshot), detail=job.alloc)
            return Explanation(job.request, len(snapshot), 0, 0, (homeless,))
        # Its rows are called by numbers, which people know as those of the set's tasks.
        names = tuple(task_key(job.alloc, int(name)) for name in allocs.names)
        snapshot, place = msgspec.structs.replace(allocs, names=names), ALLOC
    return _Inquiry(snapshot.widened([job.request]), job, avoid, plugins).explanation(place)


class _Inquiry:
    """One task, one snapshot, and the reasons that were found."""

    def __init__(
        self,
        snapshot: Snapshot,
        job: PendingJob,
        avoid: tuple[str, ...],
        plugins: Sequence[Ruling],
    ) -> None:
        self._snapshot = snapshot
        self._job = job
        self._avoid = avoid
        self._plugins = plugins
        self._standing = Standing(snapshot)
        # Without its wish to be apart from itself the job would not keep itself off either.
        kept_off = shuns_of(snapshot).get(job.job, ())
        self._shuns = {job.job: [shun for shun in kept_off if not is_said_by(job, shun)]}
        self._eligibilities = Eligibilities(snapshot, Policy())
        self._found = self._reasons(job)

    def explanation(self, place: str) -> Explanation:
        snapshot, found = self._snapshot, self._found
        nearest, missing, against = self._nearest()
        usable = np.flatnonzero(found.placeable & (found.rulings() == 0))
        asked = [d for d in range(len(found.vector)) if found.vector[d] > 0]
        fits_now = int(np.count_nonzero(found.fitting()))
        return Explanation(
            request=self._job.request,
            machines=len(snapshot),
            fits_now=fits_now,
            fits_empty=int(np.count_nonzero(self._fits_empty())),
            vetoes=vetoes(snapshot, found),
            nearest=nearest,
            missing=missing,
            against=against,
            largest={
                snapshot.dimensions[d]: max(0, int(snapshot.free[usable, d].max()))
                for d in asked
                if usable.size
            },
            changes=() if fits_now else _changes(snapshot, found),
            drops=() if fits_now else self._drops(),
            funnel=tuple(_funnel(found)),
            notes=tuple(dict.fromkeys(self._notes())),
            place=place,
        )

    def _reasons(self, job: PendingJob) -> Reasons:
        eligible = self._eligibilities.of(job, self._avoid)
        return reasons(self._standing, job, eligible, self._shuns, self._plugins)

    def _fits_empty(self) -> Mask:
        snapshot = self._snapshot
        room: Mask = np.all(snapshot.capacity >= self._found.vector, axis=1)
        fits: Mask = self._eligibilities.of(self._job, self._avoid).allowed & room
        for request in self._job.devices:
            columns = self._standing.devices(request.kind).columns
            unused = np.where(columns.free == ABSENT, ABSENT, WHOLE)
            fits = fits & Devices(msgspec.structs.replace(columns, free=unused)).fits(
                request, EVERY
            )
        for wanted in self._job.sets:
            if wanted.name not in snapshot.sets:
                return np.zeros(len(snapshot), np.bool_)
            sets = snapshot.sets[wanted.name]
            tasks = np.where(sets.tasks == ABSENT, ABSENT, 0)
            empty = msgspec.structs.replace(sets, used=np.zeros_like(sets.used), tasks=tasks)
            fits = fits & Sets(empty).fits(wanted, EVERY)
        return fits

    def _nearest(self) -> tuple[str, dict[str, int], tuple[str, ...]]:
        """A machine that fewest other reasons speak against; shortages weigh as shares of the largest machine."""
        snapshot, found = self._snapshot, self._found
        placeable = np.flatnonzero(found.placeable)
        if not placeable.size:
            return "", {}, ()
        rulings = found.rulings()[placeable]
        rows = placeable[rulings == rulings.min()]
        distance = np.zeros(len(rows), np.float64)
        for d, short in found.short.items():
            distance += np.maximum(short[rows], 0) / max(1, int(snapshot.capacity[:, d].max()))
        row = int(rows[distance.argmin()])
        missing = {d: int(short[row]) for d, short in found.short.items() if short[row] > 0}
        named = {snapshot.dimensions[d]: amount for d, amount in missing.items()}
        against = [detail or _OTHERS[kind] for kind, detail, mask in found.against if mask[row]]
        return snapshot.names[row], named, tuple(against)

    def _drops(self) -> tuple[Drop, ...]:
        """Each thing that the job asks for is left out in turn; of what others ask for, what stands there alone."""
        own = {(kind, detail) for kind, detail, _ in _less(self._job)}
        hindrances = self._found.hindrances()
        drops = [
            self._drop(kind, detail, self._reasons(less).fitting())
            for kind, detail, less in _less(self._job)
            if self._may_be_alone(kind, detail, hindrances)
        ] + [
            msgspec.structs.replace(
                self._drop(kind, detail, removed & (hindrances == 1)), own=False
            )
            for kind, detail, removed in self._found.against
            if kind in _BY_OTHERS and (kind, detail) not in own
        ]
        useful = dict.fromkeys(drop for drop in drops if drop.machines)
        return tuple(sorted(useful, key=lambda drop: (not drop.own, -drop.machines)))

    def _may_be_alone(self, kind: VetoKind, detail: str, hindrances: Counts) -> bool:
        """Whether it is worth while to look at all machines without it: not if others stand wherever it does.

        A spread goes by what the other constraints allow, so that it may be gone with any of them.
        """
        if any(isinstance(rule, c.Spread) for rule in self._job.constraints):
            return True
        masks = [mask for *reason, mask in self._found.against if reason == [kind, detail]]
        return not masks or any((mask & (hindrances == 1)).any() for mask in masks)

    def _drop(self, kind: VetoKind, detail: str, fits: Mask) -> Drop:
        rows = np.flatnonzero(fits)
        name = self._snapshot.names[rows[0]] if rows.size else ""
        return Drop(kind, detail, len(rows), name)

    def _notes(self) -> Iterator[str]:
        if len(self._snapshot):
            for rule in self._job.constraints:
                if rule.weight == c.HARD:
                    yield from self._notes_on(rule)
            yield from lacking(self._snapshot, self._job)

    def _notes_on(self, rule: c.Constraint) -> Iterator[str]:
        match rule:
            case c.Compare(attribute=attribute) if not c.holds(rule, None):
                values = self._snapshot.attributes.column(attribute).values
                yield from self._attribute_note(attribute)
                if self._removes_all(rule) and 1 <= len(values) <= MAX_VALUES_NAMED:
                    yield f"{attribute} is {' or '.join(map(c.quoted, values))} on those that have it"
            case c.Spread(attribute=attribute):
                yield from self._attribute_note(attribute)
            case c.Dedicated(pool=pool):
                owner = pool.partition("/")[0]
                if owner not in ("*", self._job.user):
                    yield f"the pool {pool} is for jobs of {owner} only"
            case c.Near(attribute=attribute):
                yield from self._attribute_note(attribute)
                other = other_of(self._job, rule)
                if self._removes_all(rule) and not self._standing.crowd(other).rows.size:
                    yield f"no task of {other} has a place"
            case c.Plugin() if not self._plugins:
                yield f"{c.words(rule)} is asked in each scheduling pass, and not here"

    def _attribute_note(self, attribute: str) -> Iterator[str]:
        if not self._snapshot.attributes.column(attribute).values:
            yield f"no machine has the attribute {c.quoted(attribute)}"

    def _removes_all(self, rule: c.Constraint) -> bool:
        placeable = np.count_nonzero(self._found.placeable)
        return any(
            detail == c.words(rule) and np.count_nonzero(removed) == placeable
            for _, detail, removed in self._found.against
        )


MAX_VALUES_NAMED = 5
"""Of an attribute with more values it does not help to name any."""

_OTHERS: Mapping[VetoKind, str] = {
    VetoKind.CRASHED_HERE: "the task's crashes there",
    VetoKind.DEDICATED: "its being set aside for others",
    VetoKind.EXCLUSIVE: "a task there that wants no neighbours",
}

_BY_OTHERS = frozenset([VetoKind.DEDICATED, VetoKind.EXCLUSIVE, VetoKind.AWAY])

_KINDS: Mapping[type[c.Constraint], VetoKind] = {
    c.Compare: VetoKind.ATTRIBUTE,
    c.Dedicated: VetoKind.DEDICATED,
    c.Exclusive: VetoKind.EXCLUSIVE,
    c.Limit: VetoKind.LIMIT,
    c.Spread: VetoKind.SPREAD,
    c.Near: VetoKind.NEAR,
    c.Away: VetoKind.AWAY,
}


def _less(job: PendingJob) -> Iterator[tuple[VetoKind, str, PendingJob]]:
    """Each thing that the job could do without, and the job without it."""
    replace = msgspec.structs.replace
    for rule in dict.fromkeys(job.constraints):
        if rule.weight == c.HARD and type(rule) in _KINDS:
            rest = tuple(other for other in job.constraints if other != rule)
            yield _KINDS[type(rule)], c.words(rule), replace(job, constraints=rest)
    for device in dict.fromkeys(job.devices):
        devices = tuple(other for other in job.devices if other != device)
        yield VetoKind.DEVICES, device_words(device), replace(job, devices=devices)
    for wanted in dict.fromkeys(job.sets):
        sets = tuple(other for other in job.sets if other != wanted)
        yield VetoKind.SETS, set_words(wanted), replace(job, sets=sets)
    for port in dict.fromkeys(job.ports):
        ports = tuple(other for other in job.ports if other != port)
        yield VetoKind.PORT, port_words(port), replace(job, ports=ports)


def _funnel(found: Reasons) -> Iterator[Step]:
    left = found.placeable
    gone = len(left) - int(np.count_nonzero(left))
    if gone:
        yield Step(VetoKind.UNAVAILABLE, "", gone)
    for kind, detail, removed in found.against:
        yield Step(kind, detail, int(np.count_nonzero(left & removed)))
        left = left & ~removed


def _changes(snapshot: Snapshot, found: Reasons) -> tuple[Change, ...]:
    """For each dimension, the machines that it alone stands against, and the most that they would take."""
    hindrances = found.hindrances()
    changes = []
    for d, short in found.short.items():
        rows = np.flatnonzero(found.placeable & (hindrances - (short > 0) == 0))
        free = snapshot.free[rows, d]
        if d >= STANDARD_COUNT:  # who asks for none of an extra may be where it is over-committed
            free = np.maximum(free, 0)
        # A task without any CPU or RAM is no change but nonsense; without ports or a GPU it may well do.
        least = 1 if snapshot.dimensions[d] in ("cpu", "ram") else 0
        if rows.size and free.max() >= least and found.vector[d] > 0:
            best = int(free.argmax())
            count = int(np.count_nonzero(free == free[best]))
            name = snapshot.names[rows[best]]
            changes.append(Change(snapshot.dimensions[d], int(free[best]), count, name))
    wanted = dict(zip(snapshot.dimensions, found.vector.tolist(), strict=True))
    return tuple(
        sorted(changes, key=lambda change: -Fraction(change.amount, wanted[change.dimension]))
    )
