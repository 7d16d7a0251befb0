"""Laws of the scheduling pass, whatever the cell and whatever is pending.

``LAWS_EXAMPLES=5000 pytest tests/property/test_scheduling_pass.py`` looks at thousands of cells for each law.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from borgpy.model.constraints import Away, Constraint, Exclusive, Limit, Near, Plugin, Spread
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey, job_key
from borgpy.model.plan import Holding, Plan, Veto, VetoKind
from borgpy.model.policy import Order, Packing, Part, Policy
from borgpy.model.resource_sets import SetOffer, SetRequest
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns, snapshot_of
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.plugins import Plugins
from borgpy.scheduling.schedule import NO_PLUGINS, schedule_pass
from borgpy.scheduling.snapshot import SnapshotFacts
from tests.property import plan_checker
from tests.property.scheduling_cells import (
    FAILING,
    WORKING,
    cells_with_allocs,
    machines,
    policies,
    seeds,
    vectors,
)

laws = settings(
    max_examples=int(os.environ.get("LAWS_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
cells = cells_with_allocs()
cells_of_plugins = cells_with_allocs([*WORKING])
any_policy = policies()

relaxed = st.builds(
    lambda policy, sample, good: msgspec.structs.replace(policy, sample=sample, good_enough=good),
    policies([*WORKING]),
    st.sampled_from([0, 1, 2, 5]),
    st.sampled_from([0, 1, 400, 900]),
)


def planned(facts: SnapshotFacts, policy: Policy, seed: int, plugins: Plugins = NO_PLUGINS) -> Plan:
    return schedule_pass(snapshot_of(facts), policy, seed, plugins=plugins)


def carried_out(
    facts: SnapshotFacts, plan: Plan, policy: Policy, plugins: Plugins = NO_PLUGINS
) -> Mapping[JobKey, plan_checker.Cell]:
    """The machines (under an empty name) and each alloc set, after every line of a plan was checked and done."""
    snapshot = snapshot_of(facts)
    tables = {
        key: plan_checker.Cell(snapshot.allocs[key], hosts, policy, plugins)
        for key, hosts in facts.allocs.items()
    }
    tables[JobKey("")] = plan_checker.Cell(snapshot, facts.machines, policy, plugins)
    jobs = {job.job: job for job in facts.pending}
    holdings = {(held.job, held.index): held for held in plan.holdings or ()}
    for placement in plan.placements:
        job = jobs[placement.job]
        held = holdings.get((job.job, placement.index), Holding(job.job, placement.index))
        name = str(held.alloc) if job.alloc else placement.machine
        table = tables[job.alloc]
        table.put(job, placement.index, name, held)
        assert table.hosts[name].name == placement.machine
    return tables


def every_task_is_answered_once(facts: SnapshotFacts, plan: Plan) -> None:
    answered = [(p.job, p.index) for p in plan.placements]
    answered += [(u.job, index) for u in plan.unplaced for index in u.indexes]
    assert sorted(answered) == sorted((job.job, i) for job in facts.pending for i in job.indexes)


def no_task_waits_that_could_run(
    facts: SnapshotFacts, plan: Plan, tables: Mapping[JobKey, plan_checker.Cell]
) -> None:
    jobs = {job.job: job for job in facts.pending}
    for unplaced in plan.unplaced:
        job = jobs[unplaced.job]
        if job.alloc and job.alloc not in tables:
            continue
        table = tables[job.alloc]
        for index in unplaced.indexes:
            for name in table.hosts:
                assert any(table.why_not(job, index, name)), (job, index, name)


def vetoes_count_every_machine(facts: SnapshotFacts, plan: Plan) -> None:
    jobs = {job.job: job for job in facts.pending}
    for unplaced in plan.unplaced:
        alloc = jobs[unplaced.job].alloc
        total = len(facts.allocs.get(alloc, ()) if alloc else facts.machines)
        assert unplaced.machines == total
        assert sum(veto.machines for veto in unplaced.vetoes) >= total
        for veto in unplaced.vetoes:
            if alloc in ("", *facts.allocs):
                assert min(1, total) <= veto.machines <= total
            else:
                assert veto == Veto(VetoKind.ALLOC, 0, detail=alloc)


def hard_laws_hold(facts: SnapshotFacts, plan: Plan, policy: Policy, plugins: Plugins) -> None:
    tables = carried_out(facts, plan, policy, plugins)
    every_task_is_answered_once(facts, plan)
    no_task_waits_that_could_run(facts, plan, tables)
    vetoes_count_every_machine(facts, plan)


@laws
@given(cells, any_policy, seeds)
def test_every_placement_is_allowed_and_no_task_waits_that_could_run(
    facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    """Amounts, devices, sets, ports and every hard constraint, checked line by line; each task once."""
    hard_laws_hold(facts, planned(facts, policy, seed), policy, NO_PLUGINS)


@laws
@given(cells_of_plugins, policies([*WORKING]), seeds)
def test_the_same_holds_with_plugins(facts: SnapshotFacts, policy: Policy, seed: int) -> None:
    hard_laws_hold(facts, planned(facts, policy, seed, WORKING), policy, WORKING)


@laws
@given(cells_of_plugins, relaxed, seeds)
def test_the_same_holds_if_good_enough_will_do_or_some_machines_are_looked_at(
    facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    hard_laws_hold(facts, planned(facts, policy, seed, WORKING), policy, WORKING)


@laws
@given(cells_of_plugins, relaxed, seeds)
def test_same_facts_and_seed_same_plan(facts: SnapshotFacts, policy: Policy, seed: int) -> None:
    plan = planned(facts, policy, seed, WORKING)
    assert planned(facts, policy, seed, WORKING) == plan
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Plan) == plan
    wire = msgspec.json.decode(msgspec.json.encode(facts), type=SnapshotFacts)
    assert planned(wire, policy, seed, WORKING) == plan


@laws
@given(cells, relaxed, seeds, st.randoms(use_true_random=False))
def test_the_order_of_machines_facts_and_pending_jobs_changes_nothing(
    facts: SnapshotFacts, policy: Policy, seed: int, chance: Random
) -> None:
    policy = msgspec.structs.replace(policy, order=Order.LARGEST_FIRST, plugins=())
    expected = planned(facts, policy, seed)

    def shuffled(hosts: Sequence[MachineFacts]) -> Columns:
        columns = Columns()
        stranger = MachineFacts("m0-gone", Resources(99, 99, 99, 99, {"tapes": 3}), NOTHING)
        for host in chance.sample([*hosts, stranger], len(hosts) + 1):
            columns.update([msgspec.structs.replace(host, used=NOTHING, tasks={}, ports=())])
        columns.snapshot(1, facts.pending)
        columns.remove("m0-gone")
        columns.update(chance.sample(hosts, len(hosts)))
        return columns

    pending = chance.sample(facts.pending, len(facts.pending))
    shuns = chance.sample(facts.shuns, len(facts.shuns))
    allocs = {key: shuffled(hosts) for key, hosts in facts.allocs.items()}
    snapshot = shuffled(facts.machines).snapshot(facts.seq, pending, shuns, allocs, at=facts.at)
    assert schedule_pass(snapshot, policy, seed) == expected


def without_hybrid(policy: Policy) -> Policy:
    """The hybrid goes by all that is pending, so that it may choose otherwise if there is more or less of that."""
    packing = tuple(
        Part(Packing.BEST_FIT, part.percent) if part.packing is Packing.HYBRID else part
        for part in policy.packing
    )
    return msgspec.structs.replace(policy, packing=packing)


def waits_for_lower(facts: SnapshotFacts, upper: Sequence[PendingJob]) -> bool:
    """Whether one of these wants to be near a job that comes later."""
    lower = {job.job for job in facts.pending} - {job.job for job in upper}
    return any(
        isinstance(rule, Near) and not rule.weight and plan_checker.key(job.job, rule.job) in lower
        for job in upper
        for rule in job.constraints
    )


heedless = any_policy.map(without_hybrid)


@laws
@given(cells, heedless, seeds)
def test_lower_priorities_change_nothing_for_higher_ones(
    facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    whole = planned(facts, policy, seed)
    for bound in {job.priority for job in facts.pending}:
        upper = tuple(job for job in facts.pending if job.priority >= bound)
        if waits_for_lower(facts, upper):
            continue
        alone = planned(msgspec.structs.replace(facts, pending=upper), policy, seed)
        named = {job.job for job in upper}
        assert tuple(p for p in whole.placements if p.job in named) == alone.placements


@laws
@given(machines, vectors(4), st.integers(1, 40), st.integers(1, 40), relaxed, seeds)
def test_equal_jobs_of_two_users_differ_by_at_most_one_task(
    facts: list[MachineFacts],
    request: Resources,
    first: int,
    second: int,
    policy: Policy,
    seed: int,
) -> None:
    def web(user: str, tasks: int) -> PendingJob:
        return PendingJob(job_key(user, "web"), user, 100, request, "d", tuple(range(tasks)))

    pending = (web("alice", first), web("bob", second))
    plan = planned(SnapshotFacts(3, tuple(facts), pending), policy, seed, WORKING)
    got = Counter(placement.job for placement in plan.placements)
    alice, bob = got[pending[0].job], got[pending[1].job]
    # One that is served in full has no claim to more.
    assert alice >= min(first, bob - 1)
    assert bob >= min(second, alice - 1)


@pytest.mark.parametrize("name", sorted(FAILING))
@laws
@given(facts=cells, policy=any_policy, seed=seeds)
def test_a_failing_plugin_of_the_policy_is_one_reason_and_nothing_is_placed(
    name: str, facts: SnapshotFacts, policy: Policy, seed: int
) -> None:
    policy = msgspec.structs.replace(policy, plugins=(name,))
    plan = planned(facts, policy, seed, FAILING)
    assert plan.placements == ()
    every_task_is_answered_once(facts, plan)
    vetoes_count_every_machine(facts, plan)
    found = [[veto.kind for veto in unplaced.vetoes] for unplaced in plan.unplaced]
    kinds = [kinds for kinds in found if kinds != [VetoKind.ALLOC]]
    # Unless nothing could be placed anyhow, in which case nobody asked it.
    assert all(found == [VetoKind.PLUGIN] for found in kinds) or [VetoKind.PLUGIN] not in kinds


@laws
@given(cells, heedless, seeds, st.sampled_from(sorted(FAILING)), st.data())
def test_jobs_with_a_failing_plugin_are_refused_and_others_placed_as_if_those_were_not_there(
    facts: SnapshotFacts, policy: Policy, seed: int, name: str, data: st.DataObject
) -> None:
    assume(facts.pending)
    chosen = data.draw(st.sets(st.sampled_from([job.job for job in facts.pending]), min_size=1))

    def with_it(job: PendingJob) -> PendingJob:
        rules: tuple[Constraint, ...] = (*job.constraints, Plugin(name=name))
        return msgspec.structs.replace(job, constraints=rules) if job.job in chosen else job

    plan = planned(
        msgspec.structs.replace(facts, pending=tuple(map(with_it, facts.pending))),
        policy,
        seed,
        FAILING,
    )
    others = tuple(job for job in facts.pending if job.job not in chosen)
    alone = planned(msgspec.structs.replace(facts, pending=others), policy, seed)
    assert plan.placements == alone.placements
    assert plan.holdings == alone.holdings
    refused = [unplaced for unplaced in plan.unplaced if unplaced.job in chosen]
    assert {unplaced.job for unplaced in refused} == chosen


PRINT_PLANS = """
import sys
import msgspec
from borgpy.model.policy import Policy
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import SnapshotFacts

facts, policies = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[SnapshotFacts, list[Policy]])
plans = [schedule_pass(snapshot_of(facts), policy, 42) for policy in policies]
sys.stdout.buffer.write(msgspec.msgpack.encode(plans))
"""


def test_another_process_with_another_hash_seed_makes_the_same_plan() -> None:
    """Without SIMD kernels too: what a plan says must not hang on the processor."""
    racks = [{"rack": f"r{i}", "zone": f"z{i % 3}"} for i in range(7)]
    hosts = tuple(
        MachineFacts(
            f"m{i}",
            Resources(i * 700 % 4000, i * 911 % 5000, 100, 9, {"gpus": i % 3}),
            NOTHING,
            i % 7 > 0,
            racks[i % 5],
            production_cpu=i * 7,
            ends_at=i * 1000,
            packages=("p",) if i % 3 else (),
            devices=(DeviceOffer(i % 4, model=("T4", "A100")[i % 2]),),
            sets=(SetOffer("eni", i % 3, 2),),
        )
        for i in range(60)
    )
    rules = (
        (),
        (Spread(attribute="zone"),),
        (Limit(attribute="rack", most=2), Spread(attribute="zone", weight=70)),
        (Away(job="job3", attribute="rack"), Exclusive(weight=30)),
    )
    pending = tuple(
        PendingJob(
            job_key(f"user{i % 5}", f"job{i}"),
            f"user{i % 5}",
            100 + i % 2 * 100,
            Resources(i * 131 % 900, i * 57 % 700, 1, 1, {"gpus": i % 2}),
            "d",
            tuple(range(i % 9 + 1)),
            {0: (f"m{i}", "m3")},
            rules[i % 4],
            devices=(DeviceRequest(1, 300),) if i % 6 == 1 else (),
            sets=(SetRequest("eni", f"sg{i}"),) if i % 6 == 2 else (),
            packages={"p": 10, "q": i},
            runtime_ms=i * 700,
            replicas=i % 9 + 1,
        )
        for i in range(60)
    )
    facts = SnapshotFacts(3, hosts, pending)
    everything = Policy(packing=tuple(Part(p, 6) for p in Packing), mixing=70, runtime=90)
    chosen = [Policy(), everything, Policy(sample=3), Policy(good_enough=300)]
    plans = [schedule_pass(snapshot_of(facts), policy, 42) for policy in chosen]
    assert all(plan.placements and plan.unplaced and plan.holdings for plan in plans)
    here = msgspec.msgpack.encode(plans)
    for hash_seed in ("0", "12345"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT_PLANS],
            input=msgspec.json.encode((facts, chosen)),
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
