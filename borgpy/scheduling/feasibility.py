"""Which machines can take a task, and for each reason against it, how many it removes and which comes nearest."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from borgpy.model.plan import Veto, VetoKind
from borgpy.model.resources import Resources
from borgpy.scheduling.eligibility import Eligibility
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.neighbours import Ruling, Shuns, neighbours
from borgpy.scheduling.snapshot import MAX_AMOUNT, STANDARD_COUNT, Ints, Mask, Snapshot
from borgpy.scheduling.standing import Standing

Counts = NDArray[np.int16]
"""Of reasons against each machine: there are as many as rules and dimensions, which are bounded."""


def request_vector(dimensions: tuple[str, ...], request: Resources) -> Ints:
    """int64[dimensions]. More than any machine can have stays more: such a request must not come to fit."""
    if not request.extra:
        plain = (request.cpu, request.ram, request.disk, request.ports)
        if min(plain) >= 0 and max(plain) <= MAX_AMOUNT:
            return np.array(plain + (0,) * (len(dimensions) - len(plain)), np.int64)
    amounts = request.by_name()
    wanted = [amounts.pop(name, 0) for name in dimensions]
    if any(amounts.values()):
        raise ValueError(f"no dimension for {sorted(amounts)}: widen the snapshot first")
    return np.array([min(max(amount, 0), MAX_AMOUNT + 1) for amount in wanted], np.int64)


class Reasons(msgspec.Struct, frozen=True, eq=False):
    """For one task, every reason against every machine.

    ``vector`` int64[dimensions] is what it asks for, ``placeable`` bool[machines]. ``against`` are bool[machines]
    with the kind and the words of a reason: where it holds, among the placeable. ``short`` has, for each dimension
    that stops any machine, int64[machines] by how much it is short (0 or less: not at all).
    """

    vector: Ints
    placeable: Mask
    against: tuple[Ruling, ...]
    short: dict[int, Ints]

    def fitting(self) -> Mask:
        """bool[machines]: nothing stands against it."""
        fits = self.placeable.copy()
        for _, _, removed in self.against:
            fits &= ~removed
        for short in self.short.values():
            fits &= short <= 0
        return fits

    def rulings(self) -> Counts:
        """int16[machines]: how many reasons other than resources stand against each."""
        count = np.zeros(len(self.placeable), np.int16)
        for _, _, removed in self.against:
            count += removed
        return count

    def hindrances(self) -> Counts:
        """int16[machines]: how many reasons stand against each machine, its being unavailable aside."""
        count = self.rulings()
        for short in self.short.values():
            count += short > 0
        return count


def reasons(
    standing: Standing,
    job: PendingJob,
    eligible: Eligibility,
    shuns: Shuns,
    plugins: Sequence[Ruling] = (),
) -> Reasons:
    """As things stand, for one more task of ``job``; each ruling of ``plugins`` says where one allows it."""
    placeable = standing.snapshot.placeable
    removed = [reason for reason in eligible.reasons if reason[0] is not VetoKind.UNAVAILABLE]
    rulings = (*neighbours(standing, job, eligible.allowed, shuns), *plugins)
    removed += [(kind, detail, ~allowed) for kind, detail, allowed in rulings]
    against = [(kind, detail, mask & placeable) for kind, detail, mask in removed]
    vector = request_vector(standing.snapshot.dimensions, job.request)
    # As `Resources.fits_in`: extras matter only to those who ask for them.
    asked = (d for d in range(len(vector)) if d < STANDARD_COUNT or vector[d])
    shorts = ((d, vector[d] - standing.free[:, d]) for d in asked)
    return Reasons(
        vector=vector,
        placeable=placeable,
        against=tuple(reason for reason in against if reason[2].any()),
        short={d: short for d, short in shorts if short.size and short.max() > 0},
    )


def vetoes(snapshot: Snapshot, found: Reasons) -> tuple[Veto, ...]:
    """What keeps machines from taking the task, the reasons that may pass by themselves first.

    A machine is counted under each reason that holds for it; one that is unavailable only under that.
    """
    single = found.hindrances() <= 1
    told: list[Veto] = []
    for d, short in found.short.items():
        wanted, capacity = found.vector[d], snapshot.capacity[:, d]
        too_little = (short > 0) & found.placeable
        too_small = too_little & (capacity < wanted)
        for kind, mask, lacking in (
            (VetoKind.RESOURCE, too_little & ~too_small, short),
            (VetoKind.CAPACITY, too_small, None),
        ):
            count = int(np.count_nonzero(mask))
            if count:
                missing = wanted - capacity if lacking is None else lacking
                row = _nearest(mask, single, missing)
                name, amount = snapshot.names[row], int(missing[row])
                told.append(Veto(kind, count, snapshot.dimensions[d], name, amount))
    unavailable = (VetoKind.UNAVAILABLE, "", ~found.placeable)
    for kind, detail, mask in (*found.against, unavailable):
        count = int(np.count_nonzero(mask))
        if count:
            name = snapshot.names[_nearest(mask, single)]
            told.append(Veto(kind, count, nearest=name, detail=detail))
    return tuple(sorted(told, key=lambda veto: (_ORDER.index(veto.kind), -veto.machines)))


_ORDER = (
    VetoKind.RESOURCE,
    VetoKind.DEVICES,
    VetoKind.SETS,
    VetoKind.PORT,
    VetoKind.CAPACITY,
    VetoKind.EXCLUSIVE,
    VetoKind.LIMIT,
    VetoKind.SPREAD,
    VetoKind.NEAR,
    VetoKind.AWAY,
    VetoKind.ATTRIBUTE,
    VetoKind.DEDICATED,
    VetoKind.ALLOC,
    VetoKind.PLUGIN,
    VetoKind.CRASHED_HERE,
    VetoKind.UNAVAILABLE,
)
assert set(_ORDER) == set(VetoKind)


def _nearest(mask: Mask, single: Mask, missing: Ints | None = None) -> int:
    """A machine against which nothing else speaks comes nearest; then the one that lacks least; then by name."""
    alone = mask & single
    pool = alone if alone.any() else mask
    if missing is None:
        return int(pool.argmax())
    rows = np.flatnonzero(pool)
    return int(rows[missing[rows].argmin()])
