"""Laws of packing where machines have devices: the same plan whichever way it is found, and from whatever order."""

from collections.abc import Sequence

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.devices import WHOLE, DeviceOffer, DeviceRequest
from borgpy.model.names import job_key
from borgpy.model.policy import Packing, Part, Policy
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.devices import Devices
from borgpy.scheduling.facts import MachineFacts, PendingJob, Want
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts
from borgpy.scheduling.standing import Standing, taking_of
from borgpy.scheduling.worth import TABLES, Vacancy, Worth

requests = st.one_of(
    st.just(()),
    st.integers(1, 4).map(lambda count: (DeviceRequest(count),)),
    st.sampled_from([100, 300, 470, 500, 810]).map(lambda millis: (DeviceRequest(1, millis),)),
    st.just((DeviceRequest(1, kind="tpu"),)),
)
sizes = st.builds(Resources, st.integers(0, 6), st.integers(0, 6))
wants = st.lists(
    st.tuples(st.builds(Want, st.integers(0, 6), st.integers(0, 6), requests), st.integers(1, 5)),
    max_size=3,
).map(tuple)


@st.composite
def hosts(draw: st.DrawFn) -> tuple[MachineFacts, ...]:
    made = []
    for number in range(draw(st.integers(1, 7))):
        free = draw(st.lists(st.sampled_from([0, 200, 500, WHOLE, WHOLE]), max_size=4))
        offers = [DeviceOffer(len(free))] if free else []
        offers += [DeviceOffer(2, "tpu")] * draw(st.integers(0, 1))
        capacity = draw(st.builds(Resources, st.integers(2, 20), st.integers(2, 20)))
        made.append(
            MachineFacts(
                f"m{number}",
                capacity,
                NOTHING,
                devices=tuple(offers),
                device_free={"gpu": tuple(free)} if free else {},
                wants=draw(wants),
            )
        )
    return tuple(made)


@st.composite
def jobs(draw: st.DrawFn) -> tuple[PendingJob, ...]:
    return tuple(
        PendingJob(
            job_key(user, f"job{number}"),
            user,
            100,
            draw(sizes),
            "d1",
            tuple(range(draw(st.sampled_from([1, 2, 9, 30])))),
            devices=draw(requests),
        )
        for number, user in enumerate(draw(st.lists(st.sampled_from(["alice", "bob"]), max_size=5)))
    )


policies = st.sampled_from(
    [
        Policy(),
        Policy(packing=(Part(Packing.FGD, 100),)),
        Policy(packing=(Part(Packing.FGD, 30), Part(Packing.HYBRID, 70)), spread=()),
    ]
)


def the_cell(machines: Sequence[MachineFacts], pending: Sequence[PendingJob]) -> Snapshot:
    return snapshot_of(SnapshotFacts(3, tuple(machines), tuple(pending)))


@given(hosts(), jobs(), policies, st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_facts(
    machines: tuple[MachineFacts, ...],
    pending: tuple[PendingJob, ...],
    policy: Policy,
    chance: object,
) -> None:
    plan = schedule_pass(the_cell(machines, pending), policy, 1)
    shuffled = list(machines)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert schedule_pass(the_cell(shuffled, pending), policy, 1) == plan


@given(hosts(), sizes, st.integers(1, 40), policies)
def test_many_at_once_go_where_one_by_one_would(
    machines: tuple[MachineFacts, ...], request: Resources, count: int, policy: Policy
) -> None:
    """Tasks that ask for no device are placed all at once; jobs of one task each, in turn, one at a time."""
    whole = PendingJob(job_key("alice", "a"), "alice", 100, request, "d1", tuple(range(count)))
    at_once = schedule_pass(the_cell(machines, [whole]), policy, 1)
    # A runtime, which this policy does not look at, keeps them from being one class.
    apart = [
        msgspec.structs.replace(
            whole, job=job_key("alice", f"a{i:02}"), indexes=(0,), runtime_ms=i + 1
        )
        for i in range(count)
    ]
    one_by_one = schedule_pass(the_cell(machines, apart), policy, 1)
    assert [p.machine for p in at_once.placements] == [p.machine for p in one_by_one.placements]


@given(hosts(), st.sampled_from(list(TABLES)), st.data())
def test_worth_that_is_kept_is_worth_made_anew(
    machines: tuple[MachineFacts, ...], packing: Packing, data: st.DataObject
) -> None:
    cell = the_cell(machines, ())
    standing = Standing(cell)
    if not cell.devices:
        return
    worth = Worth(standing, TABLES[packing])
    for number in range(data.draw(st.integers(1, 5))):
        size, asked = data.draw(sizes), data.draw(requests)
        job = PendingJob(job_key("a", f"j{number}"), "a", 100, size, "d", (0,), devices=asked)
        row = np.array([data.draw(st.integers(0, len(cell) - 1))])
        vector = np.array([size.cpu, size.ram, 0, 0])
        able = (standing.free[row] >= vector).all()
        if not able or not all(standing.devices(d.kind).fits(d, row)[0] for d in asked):
            continue
        cpu, ram = (standing.columns[d][row].astype(np.float64) for d in (0, 1))
        loss = worth.loss(row, Vacancy(cpu - size.cpu, ram - size.ram, None, asked))
        assert loss == worth.loss(row, Vacancy(cpu - size.cpu, ram - size.ram, (cpu, ram), asked))
        before = [kind.now[row].copy() for kind in worth.kinds]
        standing.take(
            job, taking_of(job, vector.tolist()), row, np.ones(1, np.int64), {}, tells=False
        )
        worth.changed(row)
        # What was thought of is what came.
        after = [kind.now[row] for kind in worth.kinds]
        assert loss == sum(b - a for b, a in zip(before, after, strict=True))
        for kind in worth.kinds:
            kept = kind.now.copy()
            kind.changed(np.arange(len(cell)))
            assert np.array_equal(kept, kind.now)
    for name, columns in cell.devices.items():
        held = standing.devices(name)
        fresh = Devices(msgspec.structs.replace(columns, free=held.free))
        assert np.array_equal(fresh.whole, held.whole)
        assert np.array_equal(fresh.freest, held.freest)
        assert np.array_equal(fresh.total, held.total)
