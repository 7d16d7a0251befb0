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
from borgpy.model.plan import Plan
from borgpy.model.resources import NOTHING, Resources
from borgpy.model.policy import Policy, Scoring
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import (
    Columns,
    MachineFacts,
    PendingJob,
    SnapshotColumns,
    from_columns,
    to_columns,
)
from tests.property.scheduling_cells import machines, pending_jobs, snapshot_of, vectors

policies = st.builds(Policy, st.sampled_from(Scoring))
quick = settings(max_examples=50)  # a whole cell and its pending work take 10 ms to draw
seeds = st.integers(0, 2**63 - 1)


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
@given(machines, pending_jobs(), policies, seeds)
def test_no_machine_is_over_committed_in_any_dimension(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    room = room_after(facts, pending, plan)
    for name in {placement.machine for placement in plan.placements}:
        assert NOTHING.fits_in(room[name]), (name, room[name])


@quick
@given(machines, pending_jobs(), policies, seeds)
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
@given(machines, pending_jobs(), policies, seeds)
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
@given(machines, pending_jobs(), policies, seeds)
def test_vetoes_count_every_machine_at_least_once(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    plan = schedule_pass(snapshot_of(facts, pending), policy, seed)
    for unplaced in plan.unplaced:
        assert unplaced.machines == len(facts)
        assert sum(veto.machines for veto in unplaced.vetoes) >= len(facts)
        assert all(1 <= veto.machines <= len(facts) and veto.nearest for veto in unplaced.vetoes)


@quick
@given(machines, pending_jobs(), policies, seeds)
def test_lower_priorities_change_nothing_for_higher_ones(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    whole = schedule_pass(snapshot_of(facts, pending), policy, seed)
    for bound in {job.priority for job in pending}:
        upper = tuple(job for job in pending if job.priority >= bound)
        alone = schedule_pass(snapshot_of(facts, upper), policy, seed)
        assert whole.placements[: len(alone.placements)] == alone.placements


@quick
@given(machines, pending_jobs(), policies, seeds, st.randoms(use_true_random=False))
def test_the_order_of_machines_and_of_pending_jobs_changes_nothing(
    facts: list[MachineFacts],
    pending: tuple[PendingJob, ...],
    policy: Policy,
    seed: int,
    chance: Random,
) -> None:
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
@given(machines, pending_jobs(), policies, seeds)
def test_a_plan_and_a_snapshot_survive_their_wire_forms(
    facts: list[MachineFacts], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    snapshot = snapshot_of(facts, pending)
    plan = schedule_pass(snapshot, policy, seed)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Plan) == plan
    wire = msgspec.json.decode(msgspec.json.encode(to_columns(snapshot)), type=SnapshotColumns)
    assert schedule_pass(from_columns(wire), policy, seed) == plan


@given(machines, vectors(4), st.integers(1, 40), st.integers(1, 40), policies, seeds)
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


PRINT_PLAN = """
import hashlib, sys
import msgspec
from borgpy.model.policy import Policy
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import SnapshotColumns, from_columns

snapshot = from_columns(msgspec.json.decode(sys.stdin.buffer.read(), type=SnapshotColumns))
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
    snapshot = snapshot_of(facts, pending)
    plan = schedule_pass(snapshot, Policy(), 42)
    assert plan.placements
    assert plan.unplaced
    here = msgspec.msgpack.encode(plan)
    for hash_seed in ("0", "12345"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT_PLAN],
            input=msgspec.json.encode(to_columns(snapshot)),
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
