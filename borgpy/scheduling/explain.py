"""Why a task is not placed: the reasons from the masks, the nearest miss, and what would place it, also in words."""

from collections.abc import Callable
from fractions import Fraction

import msgspec
import numpy as np

from borgpy.model.plan import Veto, VetoKind
from borgpy.model.resources import Resources, amount_text
from borgpy.scheduling.feasibility import Masks, masks, request_vector, rows_of, vetoes
from borgpy.scheduling.snapshot import STANDARD_COUNT, Ints, Snapshot


class Change(msgspec.Struct, frozen=True):
    """Asking for no more than ``amount`` of one dimension would place the task on ``machines``, e.g. ``machine``."""

    dimension: str
    amount: int
    machines: int
    machine: str


class Explanation(msgspec.Struct, frozen=True):
    """Where a task that asks for ``request`` stands against every machine of the cell.

    ``fits_now`` counts the machines with room for it, ``fits_empty`` those which would have it if nothing else ran
    there. ``nearest`` is the machine that lacks least, all dimensions together, and ``missing`` what it lacks.
    ``largest`` is for each dimension asked for the most that any machine it may use has free, the other dimensions
    left aside. ``changes`` each place it at once, the smallest first.
    """

    request: Resources
    machines: int
    fits_now: int
    fits_empty: int
    vetoes: tuple[Veto, ...] = ()
    nearest: str = ""
    missing: dict[str, int] = {}
    largest: dict[str, int] = {}
    changes: tuple[Change, ...] = ()


def explain(snapshot: Snapshot, request: Resources, avoid: tuple[str, ...] = ()) -> Explanation:
    """Look at every machine for one task; ``avoid`` names those that it kept crashing on."""
    snapshot = snapshot.widened([request])
    vector = request_vector(snapshot.dimensions, request)
    reasons = masks(snapshot, vector, rows_of(snapshot.names, avoid))
    usable = np.flatnonzero(reasons.usable)
    nearest, missing = _nearest(snapshot, reasons, vector)
    asked = [d for d in range(len(vector)) if vector[d] > 0]
    empty = (snapshot.capacity >= vector).all(axis=1) & reasons.usable
    return Explanation(
        request=request,
        machines=len(snapshot.names),
        fits_now=int(np.count_nonzero(reasons.fitting())),
        fits_empty=int(np.count_nonzero(empty)),
        vetoes=vetoes(snapshot, vector, reasons),
        nearest=nearest,
        missing=missing,
        largest={
            snapshot.dimensions[d]: max(0, int(snapshot.free[usable, d].max()))
            for d in asked
            if usable.size
        },
        changes=_changes(snapshot, reasons, vector),
    )


def sentences(explanation: Explanation) -> tuple[str, ...]:
    """The explanation in words, the most important first."""
    machines = explanation.machines
    if not machines:
        return ("the cell has no machines",)
    said = []
    if explanation.fits_now:
        said.append(f"room for it now on {_of(explanation.fits_now, machines)}")
    said += [_sentence(veto, machines) for veto in explanation.vetoes]
    if not explanation.fits_now and explanation.fits_empty:
        said.append(
            f"room for it on {_of(explanation.fits_empty, machines)} if nothing else ran there"
        )
    return tuple(said)


def suggestions(explanation: Explanation) -> tuple[str, ...]:
    """What would place it, the smallest change first; nothing if it fits."""
    if explanation.fits_now:
        return ()
    wanted = explanation.request.by_name()
    said = [_suggestion(change, wanted[change.dimension]) for change in explanation.changes]
    kinds = {veto.kind for veto in explanation.vetoes}
    if explanation.missing and not said:
        lacks = ", ".join(_lacking(name, n) for name, n in explanation.missing.items())
        said.append(f"no single change would place it: {explanation.nearest} is short of {lacks}")
    elif explanation.nearest and not said:
        said.append(f"{explanation.nearest} has room: find out why the task crashes there")
    elif VetoKind.UNAVAILABLE in kinds and not said:
        said.append("wait for the unavailable machines to come back, or add machines")
    return tuple(said) or ("add machines",)


def _nearest(snapshot: Snapshot, reasons: Masks, vector: Ints) -> tuple[str, dict[str, int]]:
    """Shortages weigh as shares of the largest machine. A machine it crashed on is nearest only if it is one of these."""
    for eligible in (reasons.usable, reasons.crashed):
        rows = np.flatnonzero(eligible)
        if not rows.size:
            continue
        distance = np.zeros(len(rows), np.float64)
        for d, short in reasons.short.items():
            largest = max(1, int(snapshot.capacity[:, d].max()))
            distance += np.maximum(short[rows], 0) / largest
        row = int(rows[distance.argmin()])
        missing = {d: int(short[row]) for d, short in reasons.short.items() if short[row] > 0}
        return snapshot.names[row], {snapshot.dimensions[d]: n for d, n in missing.items()}
    return "", {}


def _changes(snapshot: Snapshot, reasons: Masks, vector: Ints) -> tuple[Change, ...]:
    """For each dimension, the machines that it alone stands against, and the most that they would take."""
    if reasons.fitting().any():
        return ()
    changes = []
    for d in reasons.short:
        others = reasons.usable.copy()
        for other, short in reasons.short.items():
            if other != d:
                others &= short <= 0
        rows = np.flatnonzero(others)
        free = snapshot.free[rows, d]
        if d >= STANDARD_COUNT:  # who asks for none of an extra may be where it is over-committed
            free = np.maximum(free, 0)
        # A task without any CPU or RAM is no change but nonsense; without ports or a GPU it may well do.
        least = 1 if snapshot.dimensions[d] in ("cpu", "ram") else 0
        if rows.size and free.max() >= least and vector[d] > 0:
            best = int(free.argmax())
            count = int(np.count_nonzero(free == free[best]))
            name = snapshot.names[rows[best]]
            changes.append(Change(snapshot.dimensions[d], int(free[best]), count, name))
    wanted = dict(zip(snapshot.dimensions, vector.tolist(), strict=True))
    return tuple(
        sorted(changes, key=lambda change: -Fraction(change.amount, wanted[change.dimension]))
    )


def _sentence(veto: Veto, machines: int) -> str:
    of = _of(veto.machines, machines)
    if veto.kind is VetoKind.UNAVAILABLE:
        return f"unavailable: {of} (e.g. {veto.nearest})"
    if veto.kind is VetoKind.CRASHED_HERE:
        return f"it kept crashing on {of} (e.g. {veto.nearest})"
    nearest = f"(nearest {veto.nearest}: {_at_least(veto.dimension, veto.missing)} missing)"
    if veto.kind is VetoKind.CAPACITY:
        return f"too little {veto.dimension}, even when empty, on {of} {nearest}"
    return f"{veto.dimension} short on {of} {nearest}"


def _suggestion(change: Change, wanted: int) -> str:
    name, amount = change.dimension, change.amount
    where = change.machine if change.machines == 1 else f"{change.machines:,} machines"
    before = amount_text(name, wanted)
    if not amount:
        return f"without {name} (now {before}) it would fit on {where}"
    return f"with {name} ≤ {_at_most(name, amount)} (now {before}) it would fit on {where}"


def _of(count: int, machines: int) -> str:
    return f"{count:,} of {machines:,} machine{'s' if machines != 1 else ''}"


def _lacking(dimension: str, amount: int) -> str:
    text = _at_least(dimension, amount)
    return f"{text} {dimension}" if dimension in ("ram", "disk") else text


def _at_most(dimension: str, amount: int) -> str:
    """Rounded down, so that who follows the advice to the letter is placed."""
    return _text(dimension, amount, _tenths_below)


def _at_least(dimension: str, amount: int) -> str:
    """Rounded up, so that who frees this much has freed enough."""
    return _text(dimension, amount, lambda number, unit: -_tenths_below(-number, unit))


def _tenths_below(amount: int, unit: int) -> int:
    return amount * 10 // unit


def _text(dimension: str, amount: int, tenths_of: Callable[[int, int], int]) -> str:
    """As `amount_text`, which rounds bytes to the nearest tenth of their unit, but rounded by ``tenths_of``."""
    unit = 1
    while abs(amount) >= unit * 1024:
        unit *= 1024
    if dimension not in ("ram", "disk") or unit == 1:
        return amount_text(dimension, amount)
    return amount_text(dimension, round(tenths_of(amount, unit) * unit / 10))
