"""An explanation in plain words: why a task has to wait, and what would place it."""

from collections.abc import Callable

from borgpy.model.plan import Veto, VetoKind
from borgpy.model.resources import amount_text
from borgpy.scheduling.explain import MACHINE, Change, Drop, Explanation


def sentences(explanation: Explanation) -> tuple[str, ...]:
    """The explanation in words, the most important first."""
    machines, place = explanation.machines, explanation.place
    if not machines:
        return ("the cell has no machines",)
    said = []
    if explanation.fits_now:
        said.append(f"room for it now on {_of(explanation.fits_now, machines, place)}")
    said += [veto_sentence(veto, machines, place) for veto in explanation.vetoes]
    said += explanation.notes
    if sum(bool(step.detail) for step in explanation.funnel) > 1:
        said.append(_funnel_sentence(explanation))
    passing = any(veto.kind in _MAY_PASS for veto in explanation.vetoes)
    if not explanation.fits_now and explanation.fits_empty and passing:
        empty = _of(explanation.fits_empty, machines, place)
        said.append(f"room for it on {empty} if nothing else ran there")
    return tuple(said)


def suggestions(explanation: Explanation) -> tuple[str, ...]:
    """What would place it, the smallest change first; nothing if it fits."""
    if explanation.fits_now:
        return ()
    wanted = explanation.request.by_name()
    place = explanation.place
    said = [_suggestion(change, wanted[change.dimension], place) for change in explanation.changes]
    said += [_drop_suggestion(drop, place) for drop in explanation.drops]
    return tuple(said) or (_without_a_single_change(explanation),)


def veto_sentence(veto: Veto, machines: int, place: str = MACHINE) -> str:
    """One reason in words; ``machines`` is how many ``place``s there are in all."""
    of = _of(veto.machines, machines, place)
    example = f" (e.g. {veto.nearest})" if veto.nearest else ""
    match veto.kind:
        case VetoKind.UNAVAILABLE:
            return f"unavailable: {of}{example}"
        case VetoKind.CRASHED_HERE:
            return f"it kept crashing on {of}{example}"
        case VetoKind.DEDICATED if not veto.detail:
            return f"set aside for others: {of}{example}"
        case VetoKind.EXCLUSIVE if not veto.detail:
            return f"held by a task that wants no neighbours: {of}{example}"
        case VetoKind.DEVICES | VetoKind.SETS:
            return f"{veto.detail} not free on {of}{example}"
        case VetoKind.PORT:
            return f"{veto.detail} taken on {of}{example}"
        case VetoKind.ALLOC:
            return f"no alloc of {veto.detail} has a place yet"
        case VetoKind.RESOURCE | VetoKind.CAPACITY:
            lacks = _at_least(veto.dimension, veto.missing)
            nearest = f"(nearest {veto.nearest}: {lacks} missing)"
            if veto.kind is VetoKind.CAPACITY:
                return f"too little {veto.dimension}, even when empty, on {of} {nearest}"
            return f"{veto.dimension} short on {of} {nearest}"
    return f"{veto.detail} rules out {of}{example}"


_MAY_PASS = frozenset(
    [VetoKind.RESOURCE, VetoKind.DEVICES, VetoKind.SETS, VetoKind.PORT, VetoKind.EXCLUSIVE]
)
"""What would be otherwise if nothing else ran there."""


def _funnel_sentence(explanation: Explanation) -> str:
    left = explanation.machines - sum(step.removed for step in explanation.funnel)
    steps = [
        f"{step.detail or _NAMES[step.kind]} takes {step.removed:,}"
        for step in explanation.funnel
        if step.removed
    ]
    of = _of(left, explanation.machines, explanation.place)
    return f"one after the other they leave {of}: {', then '.join(steps)}"


_NAMES = {
    VetoKind.UNAVAILABLE: "being unavailable",
    VetoKind.CRASHED_HERE: "having crashed there",
    VetoKind.DEDICATED: "being set aside for others",
    VetoKind.EXCLUSIVE: "a task without neighbours",
}


def _suggestion(change: Change, wanted: int, place: str) -> str:
    name, amount = change.dimension, change.amount
    where = _where(change.machines, change.machine, place)
    before = amount_text(name, wanted)
    if not amount:
        return f"without {name} (now {before}) it would fit on {where}"
    return f"with {name} ≤ {_at_most(name, amount)} (now {before}) it would fit on {where}"


def _drop_suggestion(drop: Drop, place: str) -> str:
    where = _where(drop.machines, drop.machine, place)
    if not drop.own:
        if drop.kind is VetoKind.DEDICATED:
            return f"it would fit on {where}, set aside for others"
        if drop.kind is VetoKind.EXCLUSIVE:
            return f"it would fit on {where} but for a task that wants no neighbours"
        return f"it would fit on {where} but for {drop.detail}"
    if drop.kind in (VetoKind.DEVICES, VetoKind.SETS):
        return f"without {drop.detail} it would fit on {where}"
    if drop.kind is VetoKind.PORT:
        return f"with another than {drop.detail} it would fit on {where}"
    return f"without the constraint {drop.detail} it would fit on {where}"


def _without_a_single_change(explanation: Explanation) -> str:
    nearest, missing = explanation.nearest, explanation.missing
    kinds = {veto.kind for veto in explanation.vetoes}
    crashed = VetoKind.CRASHED_HERE in kinds and len(explanation.against) == 1
    if missing or len(explanation.against) > 1:
        lacks = ", ".join(_lacking(name, amount) for name, amount in missing.items())
        short = [f"is short of {lacks}"] if missing else []
        ruled = [f"is ruled out by {', '.join(explanation.against)}"] if explanation.against else []
        return f"no single change would place it: {nearest} {' and '.join(short + ruled)}"
    if crashed:
        return f"{nearest} has room: find out why the task crashes there"
    if VetoKind.ALLOC in kinds:
        return "find out why the allocs have to wait"
    if VetoKind.UNAVAILABLE in kinds:
        return "wait for the unavailable machines to come back, or add machines"
    return "add machines"


def _where(count: int, name: str, place: str) -> str:
    return name if count == 1 else f"{count:,} {place}s"


def _of(count: int, machines: int, place: str) -> str:
    return f"{count:,} of {machines:,} {place}{'s' if machines != 1 else ''}"


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
