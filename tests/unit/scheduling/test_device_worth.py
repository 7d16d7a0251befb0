"""What machines with devices are worth: the tables by hand, the mix that they are made from, and who goes where."""

from collections.abc import Mapping

import numpy as np
import pytest

from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import job_key
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.resources import NOTHING
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob, Want
from borgpy.scheduling.fragments import expected, fragmented
from borgpy.scheduling.requests import PARTS, Request, mix_of
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot
from tests.unit.scheduling.builders import a_cell, amounts, machines_of

DEVICE = 1_000_000  # tables are in millionths


def a_host(name: str, *free: int, cpu: int = 32, used: int = 0, ram: int = 128) -> MachineFacts:
    """``cpu`` and ``used`` in cores; so many devices as ``free`` lists."""
    return MachineFacts(
        name,
        amounts(cpu, ram, disk=100, ports=100),
        amounts(used),
        devices=(DeviceOffer(len(free)),) if free else (),
        device_free={"gpu": free} if free else {},
    )


def a_task(
    name: str = "web", *, cpu: int = 4, count: int = 0, millis: int = 1000, tasks: int = 1
) -> PendingJob:
    return PendingJob(
        job_key("alice", name),
        "alice",
        100,
        amounts(cpu, cpu),
        "d1",
        tuple(range(tasks)),
        devices=(DeviceRequest(count, millis),) if count else (),
    )


def test_a_gap_is_wasted_that_no_popular_task_fills() -> None:
    tables = expected(((Request(1000, 1, 600), PARTS),), 2)
    assert tables.steps.tolist() == [1000]
    too_little_cpu, enough = tables.waste
    assert too_little_cpu[:1001].tolist() == [1000 * free for free in range(1001)]
    assert [enough[free] for free in (0, 599, 600, 700, 1000)] == [0, 599_000, 0, 100_000, 400_000]
    assert tables.waste[:, 1001].tolist() == [0, 0]  # a device that does not exist


def test_a_gap_waits_for_the_tasks_that_fill_it() -> None:
    both = ((Request(0, 1, 600), PARTS // 2), (Request(0, 1, 400), PARTS // 2))
    waste = expected(both, 1).waste[1]
    assert waste[400] == round(400_000 * 0.5**64) == 0  # half of all tasks would fill it
    assert waste[399] == 399_000
    assert waste[1000] == 0  # 600 and 400 in either order
    assert waste[900] == 100_000  # 400 and 400: taking 600 would leave 300


def test_whole_devices_are_worth_more_together_for_tasks_that_need_several() -> None:
    mix = ((Request(0, 2, 1000), PARTS // 4), (Request(0, 1, 1000), 3 * PARTS // 4))
    # Half of a quarter of all that are free, from two on.
    assert expected(mix, 3).many[1].tolist() == [0, 0, DEVICE / 4, 3 * DEVICE / 8]
    assert expected(mix, 3).many[0].tolist() == [0, 0, 0, 0]


def test_fragments_as_published() -> None:
    mix = (
        (Request(1000, 1, 500), PARTS // 2),
        (Request(2000, 2, 1000), PARTS // 4),
        (Request(0, 0, 0), PARTS // 4),
    )
    tables = fragmented(mix, 4)
    assert tables.steps.tolist() == [0, 1000, 2000]

    def fragments(level: int, *free: int) -> float:
        whole = sum(amount == 1000 for amount in free)
        return float(tables.waste[level, list(free)].sum() - tables.many[level, whole]) / 1000

    assert fragments(1, 1000, 300) == 1300  # CPU for nobody: all of it
    assert fragments(2, 1000, 300) == 1300 / 2 + 300 / 2  # half the tasks can have the whole one
    assert fragments(3, 1000, 300) == 1300 / 2 + 300 / 2  # two whole ones there are not
    assert fragments(3, 1000, 1000, 300) == 2300 / 4 + 300 / 4 + 300 / 2


def test_the_mix_is_what_runs_and_what_is_pending() -> None:
    running = Want(2000, 7, (DeviceRequest(1, 500),))
    host = MachineFacts("a", amounts(8), NOTHING, devices=(DeviceOffer(2),), wants=((running, 3),))
    mix = mix_of(a_cell(host, pending=(a_task(cpu=4, count=2),)), "gpu")
    assert mix.popular == ((Request(2000, 1, 500), 192), (Request(4000, 2, 1000), 64))
    assert (mix.cpu, mix.millis) == (3 * 2000 + 4000, 3 * 500 + 2000)


def test_tasks_without_devices_count_as_far_as_other_machines_cannot_take_them() -> None:
    cell = a_cell(
        a_host("gpus", 1000, cpu=10),
        a_host("plain", cpu=30),
        pending=(a_task("a", count=1), a_task("b", cpu=1, tasks=4)),
    )
    mix = mix_of(cell, "gpu")
    assert mix.popular == ((Request(1000, 0, 0), 128), (Request(4000, 1, 1000), 128))
    assert mix.cpu == 4000 + 4 * 1000 / 4


def test_of_rare_requests_nothing_is_expected() -> None:
    tasks = [a_task("a", count=1, tasks=95), a_task("b", count=1, millis=77, tasks=5)]
    mix = mix_of(a_cell(a_host("a", 1000), pending=tuple(tasks)), "gpu")
    assert mix.popular == ((Request(4000, 1, 1000), PARTS),)


def test_without_any_request_a_task_for_each_device_is_expected() -> None:
    mix = mix_of(a_cell(a_host("a", 1000, 1000, cpu=32), a_host("b", cpu=99)), "gpu")
    assert mix.popular == ((Request(16_000, 1, 1000), PARTS),)


def test_what_tasks_want_is_kept_up_to_date() -> None:
    one, other = Want(1, 1, (DeviceRequest(),)), Want(2, 2)

    def host(name: str, wants: Mapping[Want, int]) -> MachineFacts:
        return MachineFacts(name, NOTHING, NOTHING, wants=tuple(wants.items()))

    columns = Columns()
    columns.update([host("a", {one: 2}), host("b", {one: 1, other: 5}), host("c", {other: 1})])
    assert dict(columns.snapshot(1, ()).wants) == {one: 3, other: 6}
    columns.update([host("a", {other: 1})])
    columns.remove("b")
    assert dict(columns.snapshot(2, ()).wants) == {other: 2}
    columns.remove("c")
    columns.update([host("a", {})])
    assert columns.snapshot(3, ()).wants == ()


PLAIN = a_host("plain", cpu=32)
SPENT = a_host("spent", 0, 0)
FRESH = a_host("fresh", 1000, 1000)
FULL = a_host("plain", cpu=32, used=30)


@pytest.mark.parametrize(
    ("machines", "task", "chosen"),
    [
        pytest.param((FRESH, PLAIN, SPENT), a_task(), "plain", id="no device: a plain machine"),
        pytest.param((FRESH, FULL, SPENT), a_task(), "spent", id="or one whose devices are taken"),
        pytest.param(
            (a_host("a", 1000, 1000), a_host("b", 1000, 400)),
            a_task(count=1, millis=400),
            "b",
            id="a part of a device: what else would be idle",
        ),
        pytest.param(
            (a_host("a", 1000, 1000), a_host("b", 1000, 300)),
            a_task(count=1),
            "b",
            id="a whole one: not where two are free together",
        ),
        pytest.param(
            (a_host("a", 1000, cpu=8), a_host("b", 1000, cpu=4)),
            a_task(cpu=4, count=1),
            "b",
            id="best fit among equals",
        ),
        pytest.param(
            (a_host("b", 1000), a_host("a", 1000)), a_task(count=1), "a", id="then by name"
        ),
    ],
)
def test_where_a_task_goes(
    machines: tuple[MachineFacts, ...], task: PendingJob, chosen: str
) -> None:
    running = (
        (Want(4000, 1 << 30, (DeviceRequest(2),)), 5),
        (Want(4000, 1 << 30, (DeviceRequest(1),)), 5),
        (Want(4000, 1 << 30, (DeviceRequest(1, 400),)), 5),
    )
    told = MachineFacts("zz", NOTHING, NOTHING, placeable=False, wants=running)
    plan = schedule_pass(a_cell(*machines, told, pending=(task,)), Policy(), 1)
    assert machines_of(plan) == {0: chosen}


def test_tasks_without_devices_leave_cpu_to_those_that_want_the_devices() -> None:
    """Two machines, each with room for four: all go where two devices are left, none to that with all eight."""
    machines = a_host("a", *[1000] * 8, cpu=64), a_host("b", 1000, 1000, *[0] * 6, cpu=64, used=24)
    wants = ((Want(8000, 8 << 30, (DeviceRequest(),)), 8),)
    told = MachineFacts("zz", NOTHING, NOTHING, placeable=False, wants=wants)
    plan = schedule_pass(a_cell(*machines, told, pending=(a_task(cpu=6, tasks=4),)), Policy(), 1)
    assert set(machines_of(plan).values()) == {"b"}


def test_fgd_takes_the_machine_whose_fragments_grow_least() -> None:
    cell = a_cell(
        a_host("a", 1000, 1000),
        a_host("b", 700, 500),
        pending=(a_task("web", count=1, millis=500), a_task("other", count=1, tasks=3)),
    )
    plan = schedule_pass(cell, only(Packing.FGD), 1)
    assert machines_of(plan) == {0: "b"}
    holding = next(held for held in plan.holdings or () if held.job == "alice/web")
    assert holding.devices == {"gpu": (1,)}


def test_fgd_without_devices_takes_machines_by_name() -> None:
    plan = schedule_pass(a_cell(PLAIN, pending=(a_task(),)), only(Packing.FGD), 1)
    assert machines_of(plan) == {0: "plain"}


def a_fleet(names: list[str]) -> Snapshot:
    kinds = [(1000,) * 4, (1000, 300, 0, 1000), (), (500,) * 4]
    hosts = [a_host(name, *kinds[i % 4], cpu=24 + i) for i, name in enumerate(names)]
    rng = np.random.default_rng(7)
    pending = []
    for i in range(40):
        count, millis = [(0, 1000), (1, 300), (1, 1000), (2, 1000)][int(rng.integers(4))]
        cpu = int(rng.integers(1, 6))
        pending.append(a_task(f"job{i:02}", cpu=cpu, count=count, millis=millis, tasks=i % 3 + 1))
    columns = Columns()
    columns.update(hosts[::-1] if names[0] > names[-1] else hosts)
    return columns.snapshot(1, pending)


def test_scores_do_not_depend_on_names() -> None:
    """No two machines of this fleet are equal, so that names decide nothing."""
    names = [f"m{i:02}" for i in range(12)]
    renamed = dict(zip(names, reversed(names), strict=True))
    one = schedule_pass(a_fleet(names), Policy(), 1)
    other = schedule_pass(a_fleet([renamed[name] for name in names]), Policy(), 1)
    assert {(p.job, p.index, renamed[p.machine]) for p in one.placements} == {
        (p.job, p.index, p.machine) for p in other.placements
    }
    assert len(one.placements) > 30


def test_what_offers_have_in_common_only_saves_work() -> None:
    """A request that nobody makes changes nothing, but has every single thousandth looked at."""
    usual = ((Request(0, 1, 400), 100), (Request(5, 1, 250), 50), (Request(5, 1, 1000), 106))
    coarse = expected(usual, 2)
    fine = expected((*usual, (Request(0, 1, 333), 0)), 2)
    assert np.array_equal(coarse.waste, fine.waste)
    assert 50_000 <= coarse.waste[2, 700] < 60_000  # 250 and 400 in either order leave 50
