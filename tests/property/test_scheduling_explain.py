"""An explanation tells the truth: checked machine by machine, and by doing what it suggests."""

from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model import constraints as c
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Policy
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import snapshot_of as snapshot_from
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.explain import Drop, Explanation, explain
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.feasibility import reasons
from borgpy.scheduling.neighbours import device_words, port_words, set_words, shuns_of
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts
from borgpy.scheduling.standing import Standing
from borgpy.scheduling.wording import sentences, suggestions, veto_sentence
from tests.property.scheduling_cells import (
    NAMES,
    cells,
    machines,
    policies,
    seeds,
    snapshot_of,
    vectors,
)
from tests.unit.scheduling.builders import a_pending_job

avoids = st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3, unique=True).map(tuple)


def asking(snapshot: Snapshot, request: Resources, avoid: tuple[str, ...]) -> Explanation:
    return explain(snapshot, a_pending_job(request=request), avoid)


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
    found = asking(snapshot_of(facts, []), request, avoid)
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
    for change in asking(snapshot, request, avoid).changes:
        changed = asking(snapshot, with_amount(request, change.dimension, change.amount), avoid)
        more = asking(snapshot, with_amount(request, change.dimension, change.amount + 1), avoid)
        assert changed.fits_now == change.machines
        assert more.fits_now == 0


@given(machines, vectors(12), avoids)
def test_what_the_nearest_machine_lacks_is_what_it_is_short_of(
    facts: list[MachineFacts], request: Resources, avoid: tuple[str, ...]
) -> None:
    found = asking(snapshot_of(facts, []), request, avoid)
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


def asked_in(facts: SnapshotFacts) -> Iterator[tuple[Snapshot, PendingJob, tuple[str, ...]]]:
    snapshot = snapshot_from(facts)
    for job in facts.pending:
        yield snapshot, job, job.avoid.get(job.indexes[0], ())


@given(cells())
def test_every_machine_that_cannot_take_a_task_is_under_a_veto(facts: SnapshotFacts) -> None:
    for snapshot, job, avoid in asked_in(facts):
        found = explain(snapshot, job, avoid)
        wide = snapshot.widened([job.request])
        eligible = Eligibilities(wide, Policy()).of(job, avoid)
        why = reasons(Standing(wide), job, eligible, shuns_of(wide))
        covered = ~wide.placeable
        for _, _, removed in why.against:
            covered |= removed
        for short in why.short.values():
            covered |= short > 0
        assert (why.fitting() == ~covered).all()
        assert found.fits_now == np.count_nonzero(why.fitting())
        assert all(veto.machines and veto.nearest for veto in found.vetoes)
        assert sum(veto.machines for veto in found.vetoes) >= found.machines - found.fits_now
        assert sentences(found)
        assert bool(suggestions(found)) is not bool(found.fits_now)


@given(cells())
def test_hard_rules_on_attributes_are_those_of_each_machine(facts: SnapshotFacts) -> None:
    for snapshot, job, avoid in asked_in(facts):
        may = Eligibilities(snapshot, Policy()).of(job, avoid).allowed
        by_name = {machine.name: machine for machine in facts.machines}
        for name, allowed in zip(snapshot.names, may.tolist(), strict=True):
            assert allowed is (
                by_name[name].placeable
                and name not in avoid
                and suits(by_name[name].name, by_name[name].attributes, job)
            )


def suits(name: str, attributes: Mapping[str, str], job: PendingJob) -> bool:
    hard = [rule for rule in job.constraints if isinstance(rule, c.Compare) and not rule.weight]
    return all(c.holds(rule, c.value_of(rule.attribute, name, attributes)) for rule in hard) and (
        c.admits(attributes.get(c.DEDICATED), job.constraints, job.user)
    )


@given(cells())
def test_doing_without_what_is_named_places_the_task(facts: SnapshotFacts) -> None:
    for snapshot, job, avoid in asked_in(facts):
        for drop in explain(snapshot, job, avoid).drops:
            if drop.own:
                less = without(job, drop)
                pending = tuple(less if other is job else other for other in facts.pending)
                changed = snapshot_from(msgspec.structs.replace(facts, pending=pending))
                assert explain(changed, less, avoid).fits_now == drop.machines


def without(job: PendingJob, drop: Drop) -> PendingJob:
    """The job as the suggestion would have it."""
    replace = msgspec.structs.replace
    if drop.kind is VetoKind.DEVICES:
        return replace(job, devices=tuple(d for d in job.devices if device_words(d) != drop.detail))
    if drop.kind is VetoKind.SETS:
        return replace(job, sets=tuple(s for s in job.sets if set_words(s) != drop.detail))
    if drop.kind is VetoKind.PORT:
        return replace(job, ports=tuple(p for p in job.ports if port_words(p) != drop.detail))
    kept = (rule for rule in job.constraints if rule.weight or c.words(rule) != drop.detail)
    return replace(job, constraints=tuple(kept))


@given(cells(), policies(), seeds)
def test_a_pass_names_every_machine_against_those_who_have_to_wait(
    facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_from(facts), policy, seed)
    for unplaced in plan.unplaced:
        assert unplaced.machines == len(facts.machines)
        assert sum(veto.machines for veto in unplaced.vetoes) >= unplaced.machines
        for veto in unplaced.vetoes:
            assert veto.nearest
            assert veto_sentence(veto, unplaced.machines)
