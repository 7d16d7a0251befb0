"""Cells and pending work as Hypothesis draws them: small numbers, so that machines fill up and scores tie."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from borgpy.model.constraints import (
    Away,
    Compare,
    Constraint,
    Dedicated,
    Exclusive,
    Limit,
    Near,
    Operator,
    Plugin,
    Share,
    Spread,
)
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey, job_key
from borgpy.model.policy import Domain, Order, Packing, Part, Policy
from borgpy.model.resource_sets import SetOffer, SetRequest, SetState
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling import columns
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun
from borgpy.scheduling.plugins import Machines, Plugins
from borgpy.scheduling.snapshot import Floats, Mask, Snapshot, SnapshotFacts

NAMES = [f"m{i}" for i in range(8)]
USERS = ["alice", "bob", "carol"]
JOBS = [job_key(user, f"job{i}") for i, user in enumerate((USERS * 2)[:5])]
PRIORITIES = [0, 100, 200]  # free, batch, production

_extras = st.dictionaries(st.sampled_from(["gpus", "licences"]), st.integers(0, 4), max_size=2)


def vectors(most: int) -> st.SearchStrategy[Resources]:
    amount = st.integers(0, most)
    return st.builds(Resources, amount, amount, amount, amount, _extras)


def seldom(usual: Any, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One time in four the strategy: a cell in which everybody asks for everything places nothing."""
    return st.integers(0, 3).flatmap(lambda n: strategy if n == 3 else st.just(usual))


# Plain cells: nothing but amounts.

machines = st.lists(
    st.builds(
        MachineFacts,
        name=st.sampled_from(NAMES),
        capacity=vectors(20),
        used=vectors(8),  # at times more than there is
        placeable=st.sampled_from([True, True, True, False]),
    ),
    unique_by=lambda machine: machine.name,
    max_size=len(NAMES),
)

_avoid = st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3, unique=True).map(tuple)


@st.composite
def _pending_job(draw: st.DrawFn, name: str) -> PendingJob:
    user = draw(st.sampled_from(USERS))
    indexes = tuple(sorted(draw(st.sets(st.integers(0, 30), min_size=1, max_size=12))))
    return PendingJob(
        job=job_key(user, name),
        user=user,
        priority=draw(st.sampled_from(PRIORITIES)),
        request=draw(vectors(6)),
        spec=draw(st.sampled_from(["d1", "d2"])),
        indexes=indexes,
        avoid=draw(st.dictionaries(st.sampled_from(indexes), _avoid, max_size=3)),
        replicas=len(indexes),
    )


@st.composite
def pending_jobs(draw: st.DrawFn) -> tuple[PendingJob, ...]:
    return tuple(draw(_pending_job(f"job{i}")) for i in range(draw(st.integers(0, 6))))


def snapshot_of(facts: Sequence[MachineFacts], pending: Sequence[PendingJob]) -> Snapshot:
    return columns.snapshot_of(SnapshotFacts(3, tuple(facts), tuple(pending)))


# Rich cells: all that a machine can have, and all that a job can ask for.

VALUES: Mapping[str, list[str]] = {
    "rack": ["r0", "r1", "r2"],
    "power": ["p0", "p1"],
    "zone": ["z0", "z1", "z2"],
    "arch": ["x86", "arm"],
    "speed": ["1", "2.5", "3", "fast"],
    "kernel": ["5.10", "6.1-rc1", "v6.1.0", "old"],
}
POOLS = ["*/batch", "alice/own"]
GROUPED_BY = st.sampled_from(["machine", "rack", "power", "zone"])

_attributes = st.tuples(
    st.fixed_dictionaries(
        {"rack": st.sampled_from(VALUES["rack"]), "zone": st.sampled_from(VALUES["zone"])},
        optional={
            name: st.sampled_from(values)
            for name, values in VALUES.items()
            if name not in ("rack", "zone")
        },
    ),
    seldom((), st.just(("rack",))),
    seldom({}, seldom({}, st.fixed_dictionaries({"dedicated": st.sampled_from(POOLS)}))),
).map(lambda t: {name: value for name, value in {**t[0], **t[2]}.items() if name not in t[1]})

_states = st.lists(
    st.builds(SetState, st.sampled_from(["", "sg1", "sg2"]), st.integers(0, 2), st.integers(0, 2)),
    max_size=3,
).map(tuple)

_rich_machine = st.builds(
    MachineFacts,
    name=st.just(""),
    capacity=vectors(12).map(lambda v: v + Resources(4, 4, 4, 4)),
    used=st.one_of(st.just(NOTHING), vectors(3)),
    placeable=st.sampled_from([True] * 7 + [False]),
    attributes=_attributes,
    tasks=st.one_of(
        st.just({}), st.dictionaries(st.sampled_from(JOBS), st.integers(1, 2), max_size=2)
    ),
    exclusive=st.sampled_from([False] * 9 + [True]),
    production_cpu=st.integers(0, 3),
    packages=st.lists(st.sampled_from("pqr"), unique=True, max_size=2).map(tuple),
    ports=seldom((), st.lists(st.integers(80, 81), unique=True).map(tuple)),
    ends_at=st.sampled_from([0, 0, 500, 2000, 70_000]),
    devices=seldom(
        (),
        st.builds(DeviceOffer, st.integers(1, 4), model=st.sampled_from(["", "T4"])).map(
            lambda offer: (offer,)
        ),
    ),
    device_free=st.one_of(
        st.just({}),
        st.lists(st.sampled_from([0, 300, 500, 1000]), max_size=4).map(
            lambda free: {"gpu": tuple(free)}
        ),
    ),
    sets=seldom(
        (),
        st.builds(SetOffer, st.just("eni"), st.integers(1, 3), st.integers(1, 3)).map(
            lambda offer: (offer,)
        ),
    ),
    set_states=st.one_of(st.just({}), _states.map(lambda states: {"eni": states})),
)

_compare = st.one_of(
    st.builds(
        Compare,
        attribute=st.sampled_from(["rack", "arch"]),
        operator=st.sampled_from(
            [Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.NOT_IN]
        ),
        values=st.lists(
            st.sampled_from([*VALUES["rack"], *VALUES["arch"]]), min_size=1, max_size=3
        ).map(tuple),
    ),
    st.builds(
        Compare,
        attribute=st.just("speed"),
        operator=st.sampled_from(
            [Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST]
        ),
        values=st.sampled_from(["1", "2.5", "3"]).map(lambda value: (value,)),
    ),
    st.builds(
        Compare,
        attribute=st.sampled_from(["arch", "nowhere"]),
        operator=st.sampled_from([Operator.EXISTS, Operator.ABSENT]),
    ),
    st.builds(
        Compare,
        attribute=st.just("kernel"),
        operator=st.just(Operator.VERSION),
        values=st.sampled_from([">= 5.10", ">= 6, < 7", "== 6.1"]).map(lambda value: (value,)),
    ),
    st.builds(
        Compare,
        attribute=st.just("machine"),
        operator=st.just(Operator.IN),
        values=st.lists(st.sampled_from(NAMES), min_size=3, max_size=8).map(tuple),
    ),
)

_shares = st.one_of(
    st.just(()),
    st.sampled_from([(50, 50), (25, 75), (20, 30, 50)]).map(
        lambda percents: tuple(Share(f"z{i}", percent) for i, percent in enumerate(percents))
    ),
)
_job_names = st.sampled_from([*(str(job) for job in JOBS), "job0", "job1"])

_bare_rules: list[st.SearchStrategy[Constraint]] = [
    _compare,
    st.builds(Limit, attribute=GROUPED_BY, most=st.integers(1, 3)),
    st.builds(Spread, attribute=GROUPED_BY),
    st.builds(Spread, attribute=st.just("zone"), shares=_shares),
    st.builds(Exclusive),
    st.builds(Dedicated, pool=st.sampled_from(POOLS)),
    st.builds(Near, job=_job_names, attribute=GROUPED_BY),
    st.builds(Away, job=_job_names, attribute=GROUPED_BY),
]
_weights = st.sampled_from([0, 0, 0, 1, 50, 100])


def _weighted(rule: Constraint, weight: int) -> Constraint:
    return type(rule)(
        **{field: getattr(rule, field) for field in rule.__struct_fields__} | {"weight": weight}
    )


def rules(plugins: Sequence[str] = ()) -> st.SearchStrategy[Constraint]:
    """Any constraint, hard or soft."""
    kinds = [*_bare_rules]
    if plugins:
        kinds.append(st.builds(Plugin, name=st.sampled_from(plugins)))
    return st.builds(_weighted, st.one_of(kinds), _weights)


_device_requests = seldom(
    (),
    st.one_of(
        st.builds(DeviceRequest, st.integers(1, 2)),
        st.builds(DeviceRequest, st.just(1), st.sampled_from([200, 300, 700])),
        st.builds(DeviceRequest, models=st.sampled_from([("T4",), ("A100", "")])),
    ).map(lambda request: (request,)),
)
_set_requests = seldom(
    (),
    st.builds(
        SetRequest, st.just("eni"), st.sampled_from(["sg1", "sg2", "sg3"]), st.integers(0, 2)
    ).map(lambda request: (request,)),
)


@st.composite
def rich_jobs(draw: st.DrawFn, plugins: Sequence[str] = ()) -> tuple[PendingJob, ...]:
    """Jobs of the cell's users with anything that a job can ask for; some run already."""
    made = []
    for key in draw(st.lists(st.sampled_from(JOBS), unique=True, max_size=len(JOBS))):
        most = draw(st.sampled_from([1, 3, 12, 40]))
        indexes = tuple(range(draw(st.integers(1, most))))
        constraints = draw(st.one_of(st.just([]), st.lists(rules(plugins), min_size=1, max_size=3)))
        made.append(
            PendingJob(
                job=key,
                user=key.split("/")[0],
                priority=draw(st.sampled_from(PRIORITIES)),
                request=draw(vectors(3)),
                spec=draw(st.sampled_from(["d1", "d2"])),
                indexes=indexes,
                avoid=draw(
                    seldom({}, st.dictionaries(st.sampled_from(indexes), _avoid, max_size=2))
                ),
                constraints=tuple(constraints),
                devices=draw(_device_requests),
                sets=draw(_set_requests),
                ports=draw(seldom((), st.sampled_from([(80,), (81,), (80, 81)]))),
                packages=draw(
                    st.dictionaries(st.sampled_from("pqr"), st.integers(0, 5), max_size=2)
                ),
                runtime_ms=draw(st.sampled_from([0, 0, 1000, 60_000])),
                replicas=len(indexes) + draw(st.integers(0, 2)),
            )
        )
    return tuple(made)


_shuns = seldom(
    (),
    st.lists(
        st.builds(
            Shun, st.sampled_from(JOBS), st.builds(Away, job=_job_names, attribute=GROUPED_BY)
        ),
        max_size=2,
    ).map(tuple),
)


@st.composite
def cells(draw: st.DrawFn, plugins: Sequence[str] = ()) -> SnapshotFacts:
    """A cell with machines of every kind, and pending jobs of every kind."""
    names = draw(st.permutations(NAMES))[: draw(st.sampled_from([1, 3, 5, 8]))]
    hosts = [msgspec.structs.replace(draw(_rich_machine), name=name) for name in names]
    return SnapshotFacts(3, tuple(hosts), draw(rich_jobs(plugins)), draw(_shuns))


ROOM = job_key("alice", "room")


@st.composite
def cells_with_allocs(draw: st.DrawFn, plugins: Sequence[str] = ()) -> SnapshotFacts:
    """The same, and now and then an alloc set that some jobs want to be in, or one that is not there."""
    facts = draw(cells(plugins))
    if draw(st.integers(0, 2)):
        return facts
    allocs = tuple(
        msgspec.structs.replace(draw(_rich_machine), name=str(i), host=draw(st.sampled_from(NAMES)))
        for i in range(draw(st.integers(0, 3)))
    )
    inside = st.sampled_from(["", ROOM, ROOM, job_key("bob", "nowhere")])
    pending = tuple(
        msgspec.structs.replace(job, alloc=JobKey(draw(inside))) for job in facts.pending
    )
    return msgspec.structs.replace(facts, pending=pending, allocs={ROOM: allocs})


@st.composite
def policies(draw: st.DrawFn, plugins: Sequence[str] = ()) -> Policy:
    """Any valid policy that looks at every machine."""
    packings = draw(st.lists(st.sampled_from(Packing), unique=True, min_size=1, max_size=3))
    percents = {1: (100,), 2: (30, 70), 3: (20, 30, 50)}[len(packings)]
    domains = draw(st.lists(GROUPED_BY, unique=True, max_size=3))
    weight = st.sampled_from([0, 50, 1000, 10_000])
    return Policy(
        packing=tuple(Part(*part) for part in zip(packings, percents, strict=True)),
        stranding=draw(st.sampled_from([0, 50, 1600])),
        spread=tuple(Domain(domain, draw(weight)) for domain in domains),
        soft=draw(weight),
        locality=draw(weight),
        mixing=draw(weight),
        runtime=draw(weight),
        network="licences",
        plugins=tuple(
            draw(seldom([], st.lists(st.sampled_from(plugins), unique=True, min_size=1)))
            if plugins
            else []
        ),
        plugin=draw(weight),
        order=draw(st.sampled_from(Order)),
    )


seeds = st.integers(0, 2**63 - 1)


# Plug-ins that work, and such that do not.


def even(machines: Machines, job: PendingJob) -> Mask:
    return np.array([int(name[-1]) % 2 == 0 for name in machines.names], np.bool_)


def roomy(machines: Machines, job: PendingJob) -> Floats:
    free = np.clip(machines.free["cpu"], 0, None)
    return free / np.maximum(np.maximum(machines.capacity["cpu"], free), 1)


def lonely(machines: Machines, job: PendingJob) -> Mask:
    return machines.tasks < 3


def broken(machines: Machines, job: PendingJob) -> Mask:
    raise KeyError("no such thing")


def not_numbers(machines: Machines, job: PendingJob) -> Floats:
    return np.full(len(machines), np.nan)


WORKING: Plugins = {"even": even, "roomy": roomy, "lonely": lonely}
FAILING: Plugins = {"broken": broken, "not_numbers": not_numbers}
