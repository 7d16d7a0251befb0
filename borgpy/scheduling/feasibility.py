"""Which machines can take a task, and for each reason against it, how many it removes and which comes nearest."""

from bisect import bisect_left
from collections.abc import Iterable

import msgspec
import numpy as np

from borgpy.model.plan import Veto, VetoKind
from borgpy.model.resources import Resources
from borgpy.scheduling.snapshot import MAX_AMOUNT, STANDARD_COUNT, Ints, Mask, Rows, Snapshot


def request_vector(dimensions: tuple[str, ...], request: Resources) -> Ints:
    """int64[dimensions]. More than any machine can have stays more: such a request must not come to fit."""
    amounts = request.by_name()
    wanted = [amounts.pop(name, 0) for name in dimensions]
    if any(amounts.values()):
        raise ValueError(f"no dimension for {sorted(amounts)}: widen the snapshot first")
    return np.array([min(max(amount, 0), MAX_AMOUNT + 1) for amount in wanted], np.int64)


def rows_of(names: tuple[str, ...], machines: Iterable[str]) -> Rows:
    """The rows of these machines, in order; names the cell does not have are left out."""
    places = [(bisect_left(names, machine), machine) for machine in sorted(set(machines))]
    known = [row for row, machine in places if row < len(names) and names[row] == machine]
    return np.array(known, np.intp)


class Masks(msgspec.Struct, frozen=True, eq=False):
    """For one request, every reason against every machine.

    ``usable`` is bool[machines]: placeable, and the task has not kept crashing there. ``short`` holds, for each
    dimension that stops any machine, int64[machines] by how much it is short (0 or less: not at all).
    """

    usable: Mask
    crashed: Mask
    short: dict[int, Ints]

    def fitting(self) -> Mask:
        fits = self.usable.copy()
        for short in self.short.values():
            fits &= short <= 0
        return fits

    def hindrances(self) -> Ints:
        """int64[machines]: how many reasons stand against each machine, its being unavailable aside."""
        count = self.crashed.astype(np.int64)
        for short in self.short.values():
            count += short > 0
        return count


def masks(snapshot: Snapshot, vector: Ints, avoided: Rows) -> Masks:
    crashed = np.zeros(len(snapshot.names), np.bool_)
    crashed[avoided] = True
    # As `Resources.fits_in`: extras matter only to those who ask for them.
    asked = (d for d in range(len(vector)) if d < STANDARD_COUNT or vector[d])
    shorts = ((d, vector[d] - snapshot.free[:, d]) for d in asked)
    return Masks(
        usable=snapshot.placeable & ~crashed,
        crashed=crashed & snapshot.placeable,
        short={d: short for d, short in shorts if short.size and short.max() > 0},
    )


def vetoes(snapshot: Snapshot, vector: Ints, reasons: Masks) -> tuple[Veto, ...]:
    """What keeps machines from taking the task, the reasons that may pass by themselves first.

    A machine is counted under each reason that holds for it; one that is unavailable only under that.
    """
    hindrances = reasons.hindrances()
    found: list[Veto] = []
    for d, short in reasons.short.items():
        too_little = (short > 0) & snapshot.placeable
        too_small = too_little & (snapshot.capacity[:, d] < vector[d])
        lacking = vector[d] - snapshot.capacity[:, d]
        for kind, mask, missing in (
            (VetoKind.RESOURCE, too_little & ~too_small, short),
            (VetoKind.CAPACITY, too_small, lacking),
        ):
            rows = np.flatnonzero(mask)
            if rows.size:
                row = _nearest(rows, missing, hindrances)
                name, amount = snapshot.names[row], int(missing[row])
                found.append(Veto(kind, len(rows), snapshot.dimensions[d], name, amount))
    for kind, mask in (
        (VetoKind.CRASHED_HERE, reasons.crashed),
        (VetoKind.UNAVAILABLE, ~snapshot.placeable),
    ):
        rows = np.flatnonzero(mask)
        if rows.size:
            row = _nearest(rows, np.zeros(len(mask), np.int64), hindrances)
            found.append(Veto(kind, len(rows), nearest=snapshot.names[row]))
    kinds = list(_ORDER)
    return tuple(sorted(found, key=lambda veto: (kinds.index(veto.kind), -veto.machines)))


_ORDER = (VetoKind.RESOURCE, VetoKind.CAPACITY, VetoKind.CRASHED_HERE, VetoKind.UNAVAILABLE)


def _nearest(rows: Rows, missing: Ints, hindrances: Ints) -> int:
    """A machine against which nothing else speaks comes nearest; then the one that lacks least; then by name."""
    alone = rows[hindrances[rows] <= 1]
    pool = alone if alone.size else rows
    return int(pool[np.argmin(missing[pool])])
