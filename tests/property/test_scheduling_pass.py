"""Laws of the scheduling pass, whatever the cell and whatever is pending."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from borgpy.model.names import JobKey
from borgpy.model.plan import Plan, VetoKind
from borgpy.model.policy import Order, Packing, Policy
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.columns import snapshot_of as whole_snapshot_of
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import SnapshotFacts
from tests.property.naive_cell import may_by_itself, may_with_others
from tests.property.naive_pass import Pass, Placed
from tests.property.scheduling_cells import (
    FAILING,
    WORKING,
    cells,
    machines,
    pending_jobs,
    policies,
    seeds,
    snapshot_of,
    vectors,
)

quick = settings(max_examples=50)  # a whole cell and its pending work take 10 ms to draw


def room_after(
    facts: Sequence[MachineFacts], pending: Sequence[PendingJob], plan: Plan
) -> dict[str, Resources]:
    """What is free on each machine once the plan is carried out, line by line as a commit checks it."""
    requests = {job.job: job.request for job in pending}
    room = {machine.name: machine.capacity - machine.used for machine in facts}
    for placement in plan.placements:
        assert requests[placement.job].fits_in(room[placement.machine]), placement
        room[placement.machine] -= requests[placement.job]
    return room


def avoided(job: PendingJob, index: int) -> tuple[str, ...]:
    return job.avoid.get(index, ())


@quick
@given(machines, pending_jobs(), policies(), seeds)
def test_no_machine_is_over_committed_in_any_dimension(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    room = room_after(facts, pending, plan)
    for name in {placement.machine for placement in plan.placements}:
        assert NOTHING.fits_in(room[name]), (name, room[name])


@quick
@given(machines, pending_jobs(), policies(), seeds)
def test_every_task_is_placed_once_or_unplaced_once_and_only_where_it_may_be(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    answered = [(p.job, p.index) for p in plan.placements]
    answered += [(u.job, index) for u in plan.unplaced for index in u.indexes]
    assert sorted(answered) == sorted((job.job, i) for job in pending for i in job.indexes)
    jobs = {job.job: job for job in pending}
    placeable = {machine.name for machine in facts if machine.placeable}
    for placement in plan.placements:
        assert placement.machine in placeable
        assert placement.machine not in avoided(jobs[placement.job], placement.index)


@quick
@given(machines, pending_jobs(), policies(), seeds)
def test_no_task_waits_while_a_machine_has_room_for_it(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    room = room_after(facts, pending, plan)
    jobs = {job.job: job for job in pending}
    placeable = [machine.name for machine in facts if machine.placeable]
    for unplaced in plan.unplaced:
        job = jobs[unplaced.job]
        for index in unplaced.indexes:
            may = [name for name in placeable if name not in avoided(job, index)]
            assert not any(job.request.fits_in(room[name]) for name in may)


@quick
@given(machines, pending_jobs(), policies(), seeds)
def test_vetoes_count_every_machine_at_least_once(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    for unplaced in plan.unplaced:
        assert unplaced.machines == len(facts)
        assert sum(veto.machines for veto in unplaced.vetoes) >= len(facts)
        assert all(1 <= veto.machines <= len(facts) and veto.nearest for veto in unplaced.vetoes)


@quick
@given(machines, pending_jobs(), policies(), seeds)
def test_lower_priorities_change_nothing_for_higher_ones(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    if any(part.packing is Packing.HYBRID for part in policy.packing):
        return  # what is stranded is told by all that is asked for
    whole = schedule_pass(snapshot_of(facts, pending), policy, seed)
    for bound in {job.priority for job in pending}:
        upper = tuple(job for job in pending if job.priority >= bound)
        alone = schedule_pass(snapshot_of(facts, upper), policy, seed)
        assert whole.placements[: len(alone.placements)] == alone.placements


@quick
@given(machines, pending_jobs(), policies(), seeds, st.randoms(use_true_random=False))
def test_the_order_of_machines_and_of_pending_jobs_changes_nothing(
    facts: list[MachineFacts],
    pending: tuple[PendingJob, ...],
    policy: Policy,
    seed: int,
    chance: Random,
) -> None:
    policy = msgspec.structs.replace(policy, order=Order.LARGEST_FIRST)
    expected = schedule_pass(snapshot_of(facts, pending), policy, seed)
    columns = Columns()
    stranger = MachineFacts("m0-gone", Resources(99, 99, 99, 99, {"tapes": 3}), NOTHING, True)
    shuffled = [*facts, stranger]
    chance.shuffle(shuffled)
    for fact in shuffled:
        columns.update([msgspec.structs.replace(fact, used=NOTHING, placeable=True)])
    columns.snapshot(1, pending)
    columns.remove("m0-gone")
    columns.update(facts)
    jobs = list(pending)
    chance.shuffle(jobs)
    assert schedule_pass(columns.snapshot(3, jobs), policy, seed) == expected


@quick
@given(machines, pending_jobs(), policies(), seeds)
def test_a_plan_and_a_snapshot_survive_their_wire_forms(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    whole = SnapshotFacts(3, tuple(facts), pending)
    plan = schedule_pass(whole_snapshot_of(whole), policy, seed)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Plan) == plan
    wire = msgspec.json.decode(msgspec.json.encode(whole), type=SnapshotFacts)
    assert schedule_pass(whole_snapshot_of(wire), policy, seed) == plan


@given(machines, vectors(4), st.integers(1, 40), st.integers(1, 40), policies(), seeds)
def test_equal_jobs_of_two_users_differ_by_at_most_one_task(
    facts: list[MachineFacts],
    request: Resources,
    first: int,
    second: int,
    policy: Policy,
    seed: int,
) -> None:
    def web(user: str, tasks: int) -> PendingJob:
        return PendingJob(JobKey(f"{user}/web"), user, 100, request, "d", tuple(range(tasks)))

    pending = (web("alice", first), web("bob", second))
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    got = Counter(placement.job for placement in plan.placements)
    alice, bob = got[pending[0].job], got[pending[1].job]
    # One that is served in full has no claim to more.
    assert alice >= min(first, bob - 1)
    assert bob >= min(second, alice - 1)


relaxed = st.builds(
    lambda policy, sample, good_enough: msgspec.structs.replace(
        policy, sample=sample, good_enough=good_enough
    ),
    policies(tuple(WORKING)),
    st.sampled_from([0, 1, 2, 5]),
    st.sampled_from([0, 0, 500, 3000]),
)


@quick
@given(cells(tuple(WORKING)), relaxed, seeds)
def test_whatever_is_relaxed_every_task_goes_where_all_hard_rules_let_it(
    facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    """Placed in the order of the plan, each finds its resources, devices and sets free, and its constraints met."""
    plan = schedule_pass(whole_snapshot_of(facts), policy, seed, plugins=WORKING)
    held = {(h.job, h.index): h for h in plan.holdings or ()}
    jobs = {job.job: job for job in facts.pending}
    snapshot = whole_snapshot_of(facts).widened(job.request for job in facts.pending)
    naive = Pass(facts, snapshot, policy, seed, WORKING)
    hosts = {host.name: host for host in naive.state.cell.hosts}
    for placement in plan.placements:
        job, host = jobs[placement.job], hosts[placement.machine]
        avoid = avoided(job, placement.index)
        assert may_by_itself(naive.state.cell, host, job, avoid), placement
        assert may_with_others(naive.state.cell, host, job, avoid), placement
        naive.book(host, job, placement.index)
        holding = held.get((placement.job, placement.index))
        assert naive.state.placed[-1] == Placed(
            placement.job,
            placement.index,
            placement.machine,
            holding.devices if holding else {},
            holding.sets if holding else {},
        )
    answered = [(p.job, p.index) for p in plan.placements]
    answered += [(u.job, index) for u in plan.unplaced for index in u.indexes]
    assert sorted(answered) == sorted((job.job, i) for job in facts.pending for i in job.indexes)


@quick
@given(cells((*WORKING, *FAILING)), policies(), seeds)
def test_a_job_whose_plug_in_fails_is_refused_and_the_others_are_placed_without_it(
    facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    plan = schedule_pass(whole_snapshot_of(facts), policy, seed, plugins={**WORKING, **FAILING})
    refused = {
        unplaced.job
        for unplaced in plan.unplaced
        for veto in unplaced.vetoes
        if veto.kind is VetoKind.PLUGIN and not veto.detail.startswith("plug-in ")
    }
    assert not refused.intersection(placement.job for placement in plan.placements)


@quick
@given(cells(), policies(), seeds, st.sampled_from(list(FAILING)))
def test_where_the_policys_plug_in_fails_nothing_is_placed_and_every_task_is_told_so(
    facts: SnapshotFacts, policy: Policy, seed: int, name: str
) -> None:
    policy = msgspec.structs.replace(policy, plugins=(name,), plugin=100)
    plan = schedule_pass(whole_snapshot_of(facts), policy, seed, plugins=FAILING)
    assert plan.placements == ()
    waiting = sorted((job.job, i) for job in facts.pending for i in job.indexes)
    assert sorted((u.job, i) for u in plan.unplaced for i in u.indexes) == waiting


PRINT_PLAN = """
import hashlib, sys
import msgspec
from borgpy.model.policy import Policy
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.snapshot import SnapshotFacts

snapshot = snapshot_of(msgspec.json.decode(sys.stdin.buffer.read(), type=SnapshotFacts))
sys.stdout.buffer.write(msgspec.msgpack.encode(schedule_pass(snapshot, Policy(), 42)))
"""


def test_another_process_with_another_hash_seed_makes_the_same_plan() -> None:
    facts = [
        MachineFacts(
            f"m{i}",
            Resources(i * 700 % 4000, i * 911 % 5000, 100, 9, {"gpus": i % 3}),
            NOTHING,
            i % 7 > 0,
        )
        for i in range(60)
    ]
    pending = [
        PendingJob(
            JobKey(f"user{i % 5}/job{i}"),
            f"user{i % 5}",
            100 + i % 2,
            Resources(i * 131 % 900, i * 57 % 700, 1, 1, {"gpus": i % 2}),
            "d",
            tuple(range(i % 9 + 1)),
            {0: (f"m{i}", "m3")},
        )
        for i in range(60)
    ]
    whole = SnapshotFacts(3, tuple(facts), tuple(pending))
    plan = schedule_pass(whole_snapshot_of(whole), Policy(), 42)
    assert plan.placements
    assert plan.unplaced
    here = msgspec.msgpack.encode(plan)
    for hash_seed in ("0", "12345"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT_PLAN],
            input=msgspec.json.encode(whole),
            # Without SIMD kernels too: what a plan says must not hang on the processor.
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F",
            },
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        )
        assert there.stdout == here
