"""What the tasks that are placed mean for the next one: limits, balance, company, and what is held by number."""

from collections.abc import Mapping

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model import constraints as c
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.plan import VetoKind
from borgpy.model.resource_sets import SetOffer, SetRequest
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun
from borgpy.scheduling.neighbours import (
    counts_of,
    lowest,
    miss,
    neighbours,
    shares_of,
    shuns_of,
)
from borgpy.scheduling.snapshot import Codes, Crowd
from borgpy.scheduling.standing import Standing
from tests.unit.scheduling.builders import a_machine, a_pending_job

WEB = JobKey("alice/web")
DB = JobKey("alice/db")


def a_job(*rules: c.Constraint, replicas: int = 4) -> PendingJob:
    return msgspec.structs.replace(a_pending_job(), constraints=rules, replicas=replicas)


def machine(name: str, rack: str = "", tasks: Mapping[str, int] | None = None) -> MachineFacts:
    attributes = {"rack": rack} if rack else {}
    held = {JobKey(job): count for job, count in (tasks or {}).items()}
    return msgspec.structs.replace(a_machine(name, attributes=attributes), tasks=held)


def standing_of(
    job: PendingJob,
    *machines: MachineFacts,
    others: tuple[PendingJob, ...] = (),
    shuns: tuple[Shun, ...] = (),
) -> Standing:
    columns = Columns()
    columns.update(machines)
    return Standing(columns.snapshot(1, (job, *others), shuns))


def allowed(standing: Standing, job: PendingJob) -> dict[VetoKind, str]:
    """For each kind of reason, the machines that it leaves."""
    snapshot = standing.snapshot
    rulings = neighbours(standing, job, snapshot.placeable, shuns_of(snapshot))
    return {kind: "".join(np.array(snapshot.names, str)[mask]) for kind, _, mask in rulings}


FOUR = (
    machine("a", "r1", {"alice/web": 2}),
    machine("b", "r1", {"alice/db": 1}),
    machine("c", "r2", {"alice/web": 1}),
    machine("d"),
)


@pytest.mark.parametrize(
    ("rule", "kind", "names"),
    [
        pytest.param(c.Limit(most=2), VetoKind.LIMIT, "bcd", id="at most two for each machine"),
        pytest.param(c.Limit(attribute="rack", most=2), VetoKind.LIMIT, "cd", id="two in a rack"),
        pytest.param(c.Limit(attribute="rack"), VetoKind.LIMIT, "d", id="unlimited without a rack"),
        pytest.param(c.Limit(attribute="no", most=1), VetoKind.LIMIT, "abcd", id="nobody has it"),
        pytest.param(c.Spread(attribute="rack"), VetoKind.SPREAD, "c", id="balanced over racks"),
        pytest.param(c.Spread(), VetoKind.SPREAD, "bd", id="balanced over machines"),
        pytest.param(c.Spread(attribute="no"), VetoKind.SPREAD, "", id="balanced over nothing"),
        pytest.param(
            c.Spread(attribute="rack", shares=(c.Share("r1", 90), c.Share("r2", 10))),
            VetoKind.SPREAD,
            "ab",
            id="nine tenths in one rack",
        ),
        pytest.param(
            c.Spread(attribute="rack", shares=(c.Share("r1", 50),)),
            VetoKind.SPREAD,
            "c",
            id="others get what is left",
        ),
        pytest.param(
            c.Spread(attribute="rack", shares=(c.Share("r2", 100), c.Share("r9", 0))),
            VetoKind.SPREAD,
            "c",
            id="no share, no task",
        ),
        pytest.param(c.Exclusive(), VetoKind.EXCLUSIVE, "d", id="an empty machine"),
        pytest.param(c.Near(job="db", attribute="rack"), VetoKind.NEAR, "ab", id="near, by rack"),
        pytest.param(c.Near(job="db"), VetoKind.NEAR, "b", id="near, on the machine"),
        pytest.param(c.Near(job="bob/db"), VetoKind.NEAR, "", id="near a job that is nowhere"),
        pytest.param(c.Near(job="web"), VetoKind.NEAR, "ac", id="together"),
        pytest.param(c.Away(job="db", attribute="rack"), VetoKind.AWAY, "cd", id="away, by rack"),
        pytest.param(c.Away(job="alice/db"), VetoKind.AWAY, "acd", id="away, from the machine"),
    ],
)
def test_a_hard_rule_about_who_is_where(rule: c.Constraint, kind: VetoKind, names: str) -> None:
    job = a_job(rule)
    assert allowed(standing_of(job, *FOUR), job) == {kind: names}


@pytest.mark.parametrize(
    ("rule", "missed"),
    [
        pytest.param(c.Exclusive(weight=100), [1, 1, 1, 0], id="exclusive"),
        pytest.param(c.Near(job="db", attribute="rack", weight=20), [0, 0, 1, 1], id="near"),
        pytest.param(c.Away(job="db", attribute="rack", weight=20), [1, 1, 0, 0], id="away"),
    ],
)
def test_a_wish_about_others(rule: c.Near | c.Away | c.Exclusive, missed: list[float]) -> None:
    standing = standing_of(a_job(rule), *FOUR)
    assert allowed(standing, a_job(rule)) == {}
    found = miss(standing, a_job(rule), rule)
    assert found is not None
    assert found.tolist() == missed


def test_the_first_of_tasks_that_want_to_be_together_may_go_anywhere() -> None:
    rule = c.Near(job="web", attribute="rack")
    standing = standing_of(a_job(rule), machine("a", "r1"), machine("b"))
    assert allowed(standing, a_job(rule)) == {}
    assert miss(standing, a_job(rule), rule) is None


def test_a_job_that_runs_keeps_another_off() -> None:
    job = a_job()
    shun = Shun(DB, c.Away(job="web", attribute="rack"))
    assert allowed(standing_of(job, *FOUR, shuns=(shun,)), job) == {VetoKind.AWAY: "cd"}


def test_a_pending_job_keeps_another_off_once_it_has_a_place() -> None:
    db = msgspec.structs.replace(a_pending_job("alice/db"), constraints=(c.Away(job="web"),))
    assert allowed(standing_of(a_job(), *FOUR, others=(db,)), a_job()) == {VetoKind.AWAY: "acd"}


def test_a_wish_to_be_apart_keeps_nobody_off() -> None:
    shun = Shun(DB, c.Away(job="web", weight=10))
    assert allowed(standing_of(a_job(), *FOUR, shuns=(shun,)), a_job()) == {}


def test_a_task_that_wants_no_neighbours_holds_all_others_off() -> None:
    alone = msgspec.structs.replace(machine("e", "", {"bob/x": 1}), exclusive=True)
    assert allowed(standing_of(a_job(), *FOUR, alone), a_job()) == {VetoKind.EXCLUSIVE: "abcd"}


def test_what_is_held_by_number() -> None:
    job = msgspec.structs.replace(
        a_job(),
        ports=(80,),
        devices=(DeviceRequest(2, models=("h100",)),),
        sets=(SetRequest("eni", "sg1"),),
    )
    gpus = (DeviceOffer(2, model="h100"),)
    eni = (SetOffer("eni", 1, 8),)
    replace = msgspec.structs.replace
    standing = standing_of(
        job,
        replace(machine("a"), devices=gpus, sets=eni),
        replace(machine("b"), devices=gpus, ports=(80, 81)),
        replace(machine("c"), devices=(DeviceOffer(8, model="t4"),)),
        machine("d"),
    )
    assert allowed(standing, job) == {
        VetoKind.PORT: "acd",
        VetoKind.DEVICES: "ab",
        VetoKind.SETS: "a",
    }
    rulings = neighbours(standing, job, standing.snapshot.placeable, {})
    assert [detail for _, detail, _ in rulings] == ["port 80", "2 gpu (h100)", "eni for 'sg1'"]


def test_a_set_and_a_device_that_no_machine_has() -> None:
    job = msgspec.structs.replace(
        a_job(), devices=(DeviceRequest(1, 500, "tpu"),), sets=(SetRequest("eni", ""),)
    )
    standing = standing_of(job, machine("a"))
    assert allowed(standing, job) == {VetoKind.DEVICES: "", VetoKind.SETS: ""}
    details = [
        detail for _, detail, _ in neighbours(standing, job, standing.snapshot.placeable, {})
    ]
    assert details == ["0.5 tpu", "shared eni"]


def test_a_cell_without_machines() -> None:
    rules = (c.Limit(), c.Spread(), c.Exclusive(), c.Near(job="db"), c.Away(job="db"))
    assert set(allowed(standing_of(a_job(*rules)), a_job(*rules)).values()) == {""}


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=5),
    st.integers(1, 60),
)
def test_placing_where_it_is_lowest_balances(percents: list[int], tasks: int) -> None:
    values = tuple("abcdefgh"[: len(percents)])
    present = np.array([True] * len(values) + [False])
    column = Codes(np.arange(len(values), dtype=np.int64), values)
    scale = sum(percents)
    named = tuple(
        c.Share(v, max(1, 100 * p // scale)) for v, p in zip(values, percents, strict=True)
    )
    for shares in ((), named):
        share = shares_of(values, shares, present)
        counts = counts_of(column, Crowd(np.zeros(0, np.intp), np.zeros(0, np.int64)))
        for _ in range(tasks):
            open_values = lowest(counts, share, present)
            assert open_values.any()
            counts[open_values.argmax()] += 1
        assert counts[-1] == 0
        if not shares:
            assert counts[:-1].max() - counts[:-1].min() <= 1
        assert (counts[:-1] <= tasks * share[:-1] / share.sum() + len(values)).all()
