"""The Borgmaster's columns, and the snapshots that are taken of them."""

import pickle
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.constraints import Away, Exclusive, Near
from borgpy.model.devices import DeviceOffer
from borgpy.model.names import JobKey
from borgpy.model.resource_sets import SetOffer, SetState
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns, snapshot_of
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun
from borgpy.scheduling.snapshot import ABSENT, MAX_AMOUNT, Snapshot, SnapshotFacts
from tests.unit.scheduling.builders import GIB, a_cell, a_machine, a_pending_job, amounts
from tests.unit.scheduling.seen import seen


def the_same(left: Snapshot, right: Snapshot) -> bool:
    return seen(left) == seen(right)


def test_a_snapshot_holds_capacity_and_what_is_free_by_machine_and_dimension() -> None:
    snapshot = a_cell(
        a_machine("b", amounts(4, 8, disk=2, ports=5), amounts(1, 2), attributes={"zone": "x"}),
        a_machine("a", amounts(2, 4), placeable=False),
    )
    assert snapshot.seq == 7
    assert snapshot.names == ("a", "b")
    assert snapshot.dimensions == ("cpu", "ram", "disk", "ports")
    assert snapshot.capacity.tolist() == [[2000, 4 * GIB, 0, 0], [4000, 8 * GIB, 2 * GIB, 5]]
    assert snapshot.free.tolist() == [[2000, 4 * GIB, 0, 0], [3000, 6 * GIB, 2 * GIB, 5]]
    assert snapshot.placeable.tolist() == [False, True]
    assert [dict(snapshot.attributes[row]) for row in range(2)] == [{}, {"zone": "x"}]


def test_rows_are_in_the_order_of_names_however_machines_came_and_went() -> None:
    straight = a_cell(a_machine("a"), a_machine("b", used=amounts(2)), a_machine("c"))
    columns = Columns()
    columns.update([a_machine("c"), a_machine("x"), a_machine("b")])
    columns.snapshot(1, ())
    columns.remove("x")
    columns.update([a_machine("a"), a_machine("b", used=amounts(2))])
    assert the_same(columns.snapshot(7, ()), straight)
    assert len(columns) == 3


def test_a_later_change_does_not_touch_a_snapshot() -> None:
    columns = Columns()
    columns.update([a_machine("a")])
    before = columns.snapshot(1, ())
    columns.update([a_machine("a", amounts(1), amounts(1), placeable=False)])
    columns.remove("a")
    assert the_same(before, a_cell(a_machine("a"), seq=1))


def test_a_snapshot_cannot_be_written_to() -> None:
    snapshot = a_cell(a_machine())
    for column in (snapshot.capacity, snapshot.free, snapshot.placeable):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_a_snapshot_travels_to_another_process() -> None:
    snapshot = a_cell(a_machine(), pending=(a_pending_job(),))
    copy = pickle.loads(pickle.dumps(snapshot))
    assert the_same(copy, snapshot)
    assert not copy.free.flags.writeable


def test_the_last_of_several_facts_about_one_machine_counts() -> None:
    assert the_same(
        a_cell(a_machine(used=amounts(1)), a_machine(used=amounts(2))),
        a_cell(a_machine(used=amounts(2))),
    )


def test_an_unchanged_layout_is_shared_between_snapshots() -> None:
    columns = Columns()
    columns.update([a_machine("a"), a_machine("b")])
    first = columns.snapshot(1, ())
    columns.update([a_machine("a", used=amounts(3))])
    second = columns.snapshot(2, ())
    assert second.names is first.names
    assert second.capacity is first.capacity
    assert second.free[0, 0] == 5000


def test_extra_scalars_become_dimensions_in_the_order_of_their_names() -> None:
    snapshot = a_cell(
        a_machine("a", amounts(1, 1, licences=3)), a_machine("b", amounts(1, 1, gpus=4))
    )
    assert snapshot.dimensions == ("cpu", "ram", "disk", "ports", "gpus", "licences")
    assert snapshot.capacity[:, 4:].tolist() == [[0, 3], [4, 0]]


def test_an_extra_learnt_late_keeps_what_was_known_before() -> None:
    columns = Columns()
    columns.update([a_machine("a", amounts(2, 2, m_units=5), amounts(1, 1, m_units=2))])
    columns.update([a_machine("b", amounts(3, 3, a_units=7, z_units=9))])
    assert columns.snapshot(7, ()).free[:, 4:].tolist() == [[0, 3, 0], [7, 0, 9]]


def test_an_extra_that_leaves_with_its_machine_is_forgotten() -> None:
    columns = Columns()
    columns.update([a_machine("a"), a_machine("b", amounts(1, 1, gpus=4))])
    columns.snapshot(1, ())
    columns.remove("b")
    assert the_same(columns.snapshot(7, ()), a_cell(a_machine("a")))


def test_removing_a_machine_that_is_not_known_changes_nothing() -> None:
    columns = Columns()
    columns.remove("nobody")
    assert columns.snapshot(1, ()).names == ()


def test_absurd_amounts_are_bounded_and_negative_ones_count_as_nothing() -> None:
    snapshot = a_cell(a_machine(capacity=Resources(cpu=2**80, ram=2**62, disk=-5)))
    assert snapshot.capacity[0].tolist() == [MAX_AMOUNT, MAX_AMOUNT, 0, 0]


def test_many_machines_are_kept() -> None:
    snapshot = a_cell(*(a_machine(f"m{i:03}", amounts(i)) for i in range(500)))
    assert snapshot.capacity[:, 0].tolist() == [1000 * i for i in range(500)]


def test_a_dimension_that_is_promised_before_any_machine_has_it_counts_once_one_does() -> None:
    promised = a_machine("a", used=amounts(1, gpus=3))
    columns = Columns()
    columns.update([promised])
    assert columns.snapshot(1, ()).dimensions == ("cpu", "ram", "disk", "ports")
    offering = a_machine("b", amounts(1, gpus=4))
    columns.update([offering])
    assert columns.snapshot(7, ()).free[:, 4].tolist() == [-3, 4]
    assert the_same(columns.snapshot(7, ()), a_cell(promised, offering))


def test_versions_change_with_the_machine_and_with_no_other() -> None:
    columns = Columns()
    columns.update([a_machine("a"), a_machine("b")])
    before = columns.snapshot(1, ())
    columns.update([a_machine("b", used=amounts(1))])
    after = columns.snapshot(2, ())
    assert after.layout is before.layout
    assert (before.versions == after.versions).tolist() == [True, False]


def test_attributes_become_codes_when_they_are_asked_for() -> None:
    snapshot = a_cell(
        a_machine("a", attributes={"rack": "r2", "machine": "liar"}),
        a_machine("b"),
        a_machine("c", attributes={"rack": "r10"}),
    )
    rack = snapshot.attributes.column("rack")
    assert (rack.codes.tolist(), rack.values) == ([1, ABSENT, 0], ("r10", "r2"))
    machine = snapshot.attributes.column("machine")
    assert (machine.codes.tolist(), machine.values) == ([0, 1, 2], ("a", "b", "c"))
    assert snapshot.attributes.column("nothing").values == ()
    assert snapshot.attributes.column("rack") is rack


def test_tenants_are_told_of_jobs_that_some_pending_one_may_be_interested_in() -> None:
    web, db, other = JobKey("alice/web"), JobKey("bob/db"), JobKey("bob/other")
    machines = (
        MachineFacts("b", NOTHING, NOTHING, tasks={web: 2, db: 1}, packages=("p",), ports=(80,)),
        MachineFacts("a", NOTHING, NOTHING, tasks={web: 1, other: 3}, exclusive=True),
    )
    alone = a_pending_job("alice/web")
    assert a_cell(*machines, pending=(alone,)).tenants.jobs == {}
    near = msgspec.structs.replace(
        alone, constraints=(Near(job="bob/db"),), packages={"p": 5, "q": 6}, ports=(80, 81)
    )
    tenants = a_cell(*machines, pending=(near,)).tenants
    crowds = {
        key: (crowd.rows.tolist(), crowd.counts.tolist()) for key, crowd in tenants.jobs.items()
    }
    assert crowds == {web: ([0, 1], [1, 2]), db: ([1], [1])}
    assert {digest: rows.tolist() for digest, rows in tenants.packages.items()} == {
        "p": [1],
        "q": [],
    }
    assert {port: rows.tolist() for port, rows in tenants.ports.items()} == {80: [1], 81: []}
    assert tenants.tasks.tolist() == [4, 3]
    assert tenants.exclusive.tolist() == [True, False]


def test_who_shuns_a_pending_job_is_told_of() -> None:
    shy = JobKey("bob/shy")
    machine = MachineFacts("a", NOTHING, NOTHING, tasks={shy: 1})
    shuns = (Shun(shy, Away(job="alice/web")),)
    columns = Columns()
    columns.update([machine])
    assert set(columns.snapshot(1, [a_pending_job("alice/web")], shuns).tenants.jobs) == {shy}
    assert set(columns.snapshot(1, [a_pending_job("bob/web")], shuns).tenants.jobs) == set()


def test_counts_of_no_tasks_and_negative_ones_are_nobody() -> None:
    web = JobKey("alice/web")
    machine = MachineFacts(
        "a", NOTHING, NOTHING, tasks={web: 0, JobKey("bob/db"): -3}, production_cpu=-(2**80)
    )
    job = a_pending_job("alice/web")
    tied = msgspec.structs.replace(job, replicas=2)
    tenants = a_cell(machine, pending=(tied,)).tenants
    assert tenants.jobs[web].rows.tolist() == []
    assert (tenants.tasks.tolist(), tenants.production_cpu.tolist()) == ([0], [0])


def test_an_alloc_set_is_a_snapshot_of_its_allocs_on_their_machines() -> None:
    inside = msgspec.structs.replace(a_pending_job("alice/web"), alloc=JobKey("alice/room"))
    alloc = MachineFacts("0", amounts(2, 2), amounts(1), host="b")
    snapshot = snapshot_of(
        SnapshotFacts(
            7,
            (a_machine("a"), a_machine("b")),
            (inside, a_pending_job("bob/db")),
            allocs={JobKey("alice/room"): (alloc,)},
        )
    )
    rooms = snapshot.allocs[JobKey("alice/room")]
    assert (rooms.names, rooms.hosts) == (("0",), ("b",))
    assert rooms.free[:, 0].tolist() == [1000]
    assert rooms.pending == (inside,)
    assert snapshot.hosts == ("a", "b")


NAMES = [f"m{i}" for i in range(5)]
JOBS = [JobKey("alice/web"), JobKey("alice/db"), JobKey("bob/web")]
_few = st.integers(0, 3)
_vectors = st.builds(
    Resources,
    _few,
    _few,
    extra=st.dictionaries(st.sampled_from(["gpus", "licences"]), _few, max_size=2),
)
_models = st.sampled_from(["T4", "A100", "V100"])
_devices = st.one_of(
    st.just(()),
    st.lists(
        st.builds(DeviceOffer, _few, st.sampled_from(["gpu", "tpu"]), _models), max_size=2
    ).map(tuple),
)
_states = st.lists(
    st.builds(SetState, st.sampled_from(["sg1", "sg2", "sg3"]), _few, _few), max_size=3
).map(tuple)
_sets = st.lists(st.builds(SetOffer, st.sampled_from(["eni", "vf"]), _few, _few), max_size=2).map(
    tuple
)
_facts = st.builds(
    MachineFacts,
    name=st.sampled_from(NAMES),
    capacity=_vectors,
    used=_vectors,
    placeable=st.booleans(),
    attributes=st.dictionaries(
        st.sampled_from(["rack", "arch"]), st.sampled_from("xyz"), max_size=2
    ),
    tasks=st.dictionaries(st.sampled_from(JOBS), _few, max_size=3),
    exclusive=st.booleans(),
    production_cpu=_few,
    packages=st.lists(st.sampled_from("pqr"), unique=True).map(tuple),
    ports=st.lists(st.integers(80, 82), unique=True).map(tuple),
    ends_at=_few,
    devices=_devices,
    device_free=st.dictionaries(
        st.sampled_from(["gpu", "tpu"]),
        st.lists(st.sampled_from([0, 400, 1000]), max_size=4).map(tuple),
    ),
    sets=_sets,
    set_states=st.dictionaries(st.sampled_from(["eni", "vf"]), _states),
    host=st.sampled_from(["", "h1", "h2"]),
)
_pending = st.lists(
    st.builds(
        PendingJob,
        job=st.sampled_from(JOBS),
        user=st.just("alice"),
        priority=st.just(100),
        request=st.just(NOTHING),
        spec=st.just("d"),
        indexes=st.just((0,)),
        constraints=st.lists(
            st.sampled_from([Near(job="db"), Away(job="bob/web"), Exclusive()])
        ).map(tuple),
        ports=st.lists(st.integers(80, 82), unique=True).map(tuple),
        packages=st.dictionaries(st.sampled_from("pqr"), _few),
        replicas=st.integers(1, 2),
    ),
    max_size=3,
)
_shuns = st.lists(
    st.builds(Shun, st.sampled_from(JOBS), st.sampled_from([Away(job="web"), Away(job="bob/web")])),
    max_size=2,
)


@given(
    st.lists(st.one_of(st.lists(_facts, max_size=4), st.sampled_from(NAMES)), max_size=12),
    _pending,
    _shuns,
    st.randoms(use_true_random=False),
)
def test_columns_that_were_kept_equal_those_that_are_made_of_the_last_facts(
    history: list[list[MachineFacts] | str],
    pending: list[PendingJob],
    shuns: list[Shun],
    chance: Random,
) -> None:
    columns = Columns()
    last: dict[str, MachineFacts] = {}
    for step in history:
        if isinstance(step, str):
            columns.remove(step)
            last.pop(step, None)
        else:
            columns.update(step)
            last.update({fact.name: fact for fact in step})
        if chance.random() < 0.3:
            columns.snapshot(1, pending, shuns)
    rest = list(last.values())
    chance.shuffle(rest)
    facts = SnapshotFacts(7, tuple(rest), tuple(pending), tuple(shuns))
    assert seen(columns.snapshot(7, pending, shuns)) == seen(snapshot_of(facts))
    assert columns.facts() == tuple(last[name] for name in sorted(last))


@given(st.lists(_facts, max_size=5), _pending, _shuns)
def test_the_wire_form_comes_back_as_it_went_through_json(
    machines: list[MachineFacts], pending: list[PendingJob], shuns: list[Shun]
) -> None:
    allocs = {JobKey("alice/room"): tuple(machines)}
    facts = SnapshotFacts(7, tuple(machines), tuple(pending), tuple(shuns), allocs)
    back = msgspec.json.decode(msgspec.json.encode(facts), type=SnapshotFacts)
    assert back == facts
    assert seen(snapshot_of(back)) == seen(snapshot_of(facts))


def test_machines_that_tasks_avoid_survive_the_wire() -> None:
    facts = SnapshotFacts(7, (a_machine(),), (a_pending_job(tasks=3, avoid={1: ("m1",)}),))
    back = msgspec.json.decode(msgspec.json.encode(facts), type=SnapshotFacts)
    assert back.pending[0].avoid == {1: ("m1",)}
    assert the_same(snapshot_of(back), snapshot_of(facts))
