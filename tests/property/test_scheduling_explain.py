"""An explanation tells the truth: checked machine by machine with the arithmetic of `Resources`."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.resources import Resources
from borgpy.scheduling.explain import explain, sentences, suggestions
from borgpy.scheduling.snapshot import MachineFacts
from tests.property.scheduling_cells import NAMES, machines, snapshot_of, vectors

avoids = st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3, unique=True).map(tuple)


def may_use(facts: list[MachineFacts], avoid: tuple[str, ...]) -> list[MachineFacts]:
    return [machine for machine in facts if machine.placeable and machine.name not in avoid]


def room_of(machine: MachineFacts, facts: list[MachineFacts]) -> Resources:
    """What is free. Of an extra that no machine offers there is none, whatever is said to be used of it."""
    offered = {extra for other in facts for extra in other.capacity.extra}
    extra = {name: n for name, n in machine.used.extra.items() if name in offered}
    return machine.capacity - msgspec.structs.replace(machine.used, extra=extra)


def with_amount(request: Resources, dimension: str, amount: int) -> Resources:
    if dimension in request.extra:
        return msgspec.structs.replace(request, extra={**request.extra, dimension: amount})
    return msgspec.structs.replace(request, **{dimension: amount})


@given(machines, vectors(12), avoids)
def test_the_machines_with_room_are_counted_right(
    facts: list[MachineFacts], request: Resources, avoid: tuple[str, ...]
) -> None:
    found = explain(snapshot_of(facts, []), request, avoid)
    open_machines = may_use(facts, avoid)
    fitting = [m for m in open_machines if request.fits_in(m.capacity - m.used)]
    assert found.machines == len(facts)
    assert found.fits_now == len(fitting)
    assert found.fits_empty == sum(request.fits_in(m.capacity) for m in open_machines)
    assert sum(veto.machines for veto in found.vetoes) >= len(facts) - len(fitting)
    assert sentences(found)
    assert bool(suggestions(found)) is not bool(fitting)


@given(machines, vectors(12), avoids)
def test_each_change_places_the_task_on_as_many_machines_as_it_says(
    facts: list[MachineFacts], request: Resources, avoid: tuple[str, ...]
) -> None:
    snapshot = snapshot_of(facts, [])
    for change in explain(snapshot, request, avoid).changes:
        changed = explain(snapshot, with_amount(request, change.dimension, change.amount), avoid)
        more = explain(snapshot, with_amount(request, change.dimension, change.amount + 1), avoid)
        assert changed.fits_now == change.machines
        assert more.fits_now == 0


@given(machines, vectors(12), avoids)
def test_what_the_nearest_machine_lacks_is_what_it_is_short_of(
    facts: list[MachineFacts], request: Resources, avoid: tuple[str, ...]
) -> None:
    found = explain(snapshot_of(facts, []), request, avoid)
    by_name = {machine.name: machine for machine in facts}
    if found.nearest:
        room = room_of(by_name[found.nearest], facts)
        asked = {d: n for d, n in request.by_name().items() if n}
        short = {d: n for d, n in request.short_of(room).items() if d in asked}
        assert {d: n for d, n in found.missing.items() if d in asked} == short
    for veto in found.vetoes:
        machine = by_name[veto.nearest]
        if veto.dimension:
            wanted = request.by_name()[veto.dimension]
            has = machine.capacity.by_name().get(veto.dimension, 0)
            free = room_of(machine, facts).by_name().get(veto.dimension, 0)
            assert veto.missing in (wanted - free, wanted - has)
            assert veto.missing > 0
