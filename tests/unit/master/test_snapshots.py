"""What the scheduler is told of a cell: facts about machines, pending jobs, and who wants whom away."""

import msgspec

from borgpy.master.borgmaster import Borgmaster
from borgpy.master.pending import PendingJobs, pending_job_of
from borgpy.master.snapshots import Snapshots, machine_facts
from borgpy.model import constraints as c
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.operations import LoseMachines
from borgpy.model.plan import Holding
from borgpy.model.policy import Packing, only
from borgpy.model.resource_sets import SetOffer, SetRequest, SetState
from borgpy.model.resources import Resources
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun, Want
from borgpy.scheduling.schedule import schedule_pass
from tests.builders import (
    A_PACKAGE,
    MIB,
    ROOMY,
    a_borgmaster,
    a_job,
    a_machine,
    a_task_spec,
    place,
    submit,
)

WEB = JobKey("alice/web")
OFFERED = a_machine(
    attributes={"rack": "r1"},
    devices=(DeviceOffer(2, model="A100"),),
    sets=(SetOffer("eni", 2, 4),),
)
ASKED = a_task_spec(
    fixed_ports={"port": 80},
    devices=(DeviceRequest(1, 250),),
    sets=(SetRequest("eni", "sg-1", 3),),
)


def a_cell_with_all_of_it() -> Borgmaster:
    master = a_borgmaster(OFFERED)
    away = c.Away(job="bob/etl", attribute="rack")
    rules = (c.Exclusive(), away, c.Away(job="db", weight=10))
    submit(master, a_job(task=ASKED, priority=200, constraints=rules, runtime_ms=600))
    place(master, {0: "m1"}, Holding(WEB, 0, {"gpu": (1,)}, {"eni": 0}))
    return master


def test_a_machine_is_told_of_with_everything_on_it() -> None:
    cell = a_cell_with_all_of_it().cell
    assert machine_facts(cell, "m1") == MachineFacts(
        name="m1",
        capacity=ROOMY,
        used=ASKED.request(),
        attributes={"rack": "r1"},
        tasks={WEB: 1},
        exclusive=True,
        production_cpu=100,
        packages=(A_PACKAGE.digest,),
        ports=(80,),
        ends_at=620,
        devices=OFFERED.devices,
        device_free={"gpu": (1000, 750)},
        sets=OFFERED.sets,
        set_states={"eni": (SetState("sg-1", 3, 1), SetState())},
        wants=((Want(100, 100 * MIB, ASKED.devices), 1),),
    )


def test_an_empty_machine_is_told_of_with_what_it_offers() -> None:
    cell = a_borgmaster(OFFERED).cell
    assert machine_facts(cell, "m1") == MachineFacts(
        name="m1",
        capacity=ROOMY,
        used=Resources(),
        attributes={"rack": "r1"},
        devices=OFFERED.devices,
        device_free={"gpu": (1000, 1000)},
        sets=OFFERED.sets,
        set_states={"eni": (SetState(), SetState())},
    )


def test_a_pending_job_is_told_of_with_everything_that_it_asks_for() -> None:
    cell = a_cell_with_all_of_it().cell
    rules = cell.jobs[WEB].spec.constraints
    expected = PendingJob(
        job=WEB,
        user="alice",
        priority=200,
        request=ASKED.request(),
        spec=cell.jobs[WEB].digest,
        indexes=(1, 2),
        constraints=rules,
        devices=ASKED.devices,
        sets=ASKED.sets,
        ports=(80,),
        packages={A_PACKAGE.digest: A_PACKAGE.size},
        runtime_ms=600,
        replicas=3,
    )
    assert PendingJobs(cell).at(100) == (expected,)
    assert pending_job_of(cell, WEB, 2).indexes == (2,)


def test_only_running_tasks_with_hard_rules_keep_others_away() -> None:
    master = a_cell_with_all_of_it()
    submit(master, a_job("etl", user="bob", constraints=(c.Away(job="web"),)))
    facts = Snapshots(master).facts(100)
    assert facts.shuns == (Shun(WEB, c.Away(job="bob/etl", attribute="rack")),)
    assert facts.machines == (machine_facts(master.cell, "m1"),)
    assert [job.job for job in facts.pending] == [WEB, "bob/etl"]


def test_a_job_that_changes_what_it_asks_of_neighbours_is_told_of_anew() -> None:
    master = a_borgmaster("m1", "m2")
    submit(master, a_job(replicas=2))
    place(master, {0: "m1"})
    snapshots = Snapshots(master)
    assert snapshots.take(30).tenants.exclusive.tolist() == [False, False]
    submit(master, a_job(replicas=2, constraints=(c.Exclusive(),)), at=40)
    assert snapshots.take(50).tenants.exclusive.tolist() == [True, False]
    submit(master, a_job(replicas=2, priority=200), at=60)
    taken = snapshots.take(70)
    assert taken.tenants.exclusive.tolist() == [False, False]
    assert taken.tenants.production_cpu.tolist() == [100, 0]
    master.apply(LoseMachines(at=80, machines=("m1",), reason="silence"))
    assert snapshots.take(90).placeable.tolist() == [False, True]


def test_short_tasks_go_with_short_ones_for_as_long_as_these_have_to_run() -> None:
    hour = 3_600_000
    now = 1_700_000_000_000
    policy = msgspec.structs.replace(only(Packing.NONE), runtime=1000)
    master = a_borgmaster("m1", "m2")
    submit(master, a_job("long", replicas=1, runtime_ms=20 * hour))
    place(master, {0: "m1"}, job="alice/long", at=now)
    submit(master, a_job("short", replicas=1, runtime_ms=2 * hour))
    place(master, {0: "m2"}, job="alice/short", at=now)
    submit(master, a_job("next", replicas=1, runtime_ms=2 * hour), at=now)
    snapshots = Snapshots(master)
    assert snapshots.facts(now).at == now
    [placement] = schedule_pass(snapshots.take(now), policy, 1).placements
    assert placement.machine == "m2"
    # When the long one has but two hours left, it is the one that ends together with the next.
    later = schedule_pass(snapshots.take(now + 18 * hour), policy, 1)
    assert [placement.machine for placement in later.placements] == ["m1"]
