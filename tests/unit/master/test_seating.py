"""A plan meets the cell as it has become: what is held by number, neighbours, and what jobs ask of machines."""

import msgspec
import pytest

from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.master.orders import machine_orders
from borgpy.master.snapshots import Snapshots
from borgpy.master.updates import next_to_replace
from borgpy.master.why import task_why
from borgpy.model import constraints as c
from borgpy.model.cell import tenancy_of
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.operations import (
    ApplyPlan,
    JoinMachines,
    LoseMachines,
    MachineDifference,
    Observe,
    ReplaceTasks,
    StatusChange,
    StopTasks,
)
from borgpy.model.orders import DeviceOrder
from borgpy.model.plan import Holding, Placement, Plan
from borgpy.model.refusal import Refusal
from borgpy.model.resource_sets import SetOffer, SetRequest, SetState
from borgpy.model.spec import JobSpec
from borgpy.model.task import TaskStatus
from borgpy.model.tenancy import Held
from tests.builders import a_borgmaster, a_job, a_machine, a_task_spec, place, submit

WEB = JobKey("alice/web")
FOUR_GPUS = a_machine("gpus", devices=(DeviceOffer(4, model="A100"),))
TWO_ENIS = a_machine("enis", sets=(SetOffer("eni", 2, 3),))
ONE_GPU = a_task_spec(devices=(DeviceRequest(),))
HALF_A_GPU = a_task_spec(devices=(DeviceRequest(1, 500),))
IN_SG_1 = a_task_spec(sets=(SetRequest("eni", "sg-1", 2),))


def gpus(index: int, *numbers: int, job: JobKey = WEB) -> Holding:
    return Holding(job, index, devices={"gpu": numbers})


def eni(index: int, number: int, job: JobKey = WEB) -> Holding:
    return Holding(job, index, sets={"eni": number})


def a_cell_with(spec: JobSpec, *machines: MachineSpec | str) -> Borgmaster:
    master = a_borgmaster(*machines)
    submit(master, spec)
    return master


def running(master: Borgmaster, job: JobKey = WEB) -> list[int]:
    tasks = master.cell.jobs[job].tasks.values()
    return [task.index for task in tasks if task.state is TaskState.RUNNING]


def free_gpus(master: Borgmaster) -> list[int]:
    master.check()
    return tenancy_of(master.cell, "gpus").devices["gpu"]


def test_a_task_holds_its_devices_until_it_is_off_its_machine() -> None:
    master = a_cell_with(a_job(task=ONE_GPU), FOUR_GPUS)
    assert place(master, {0: "gpus", 1: "gpus"}, gpus(0, 3), gpus(1, 1)) == ()
    assert master.cell.jobs[WEB].held == {0: Held({"gpu": (3,)}), 1: Held({"gpu": (1,)})}
    assert free_gpus(master) == [1000, 0, 1000, 0]
    master.apply(LoseMachines(at=30, machines=("gpus",), reason="silence"))
    assert master.cell.jobs[WEB].held == {}
    assert free_gpus(master) == [1000] * 4


def test_two_halves_share_a_device_and_a_third_is_one_too_many() -> None:
    master = a_cell_with(a_job(task=HALF_A_GPU), FOUR_GPUS)
    stale = place(master, dict.fromkeys(range(3), "gpus"), *(gpus(i, 2) for i in range(3)))
    assert stale == ("the gpu is not free any more",)
    assert running(master) == [0, 1]
    assert free_gpus(master) == [1000, 1000, 0, 1000]


@pytest.mark.parametrize(
    ("held", "why"),
    [
        pytest.param((gpus(0, 0, 1),), "it got 2 of 1 gpu", id="too many"),
        pytest.param((), "it got 0 of 1 gpu", id="none"),
        pytest.param((gpus(0, 4),), "the gpu is not free any more", id="one that is not there"),
        pytest.param((gpus(0, -1),), "the gpu is not free any more", id="no device"),
    ],
)
def test_a_plan_gives_the_devices_that_are_asked_for(held: tuple[Holding, ...], why: str) -> None:
    master = a_cell_with(a_job(task=ONE_GPU), FOUR_GPUS)
    assert place(master, {0: "gpus"}, *held) == (why,)


def test_the_model_may_have_changed_since_the_plan() -> None:
    spec = a_task_spec(devices=(DeviceRequest(models=("A100", "H100")),))
    master = a_cell_with(a_job(task=spec), FOUR_GPUS)
    other = a_machine("gpus", devices=(DeviceOffer(4, model="T4"),))
    master.apply(JoinMachines(at=15, by="borglets", machines=(other,)))
    assert place(master, {0: "gpus"}, gpus(0, 0)) == ("the gpu there is of another model",)


def test_devices_that_a_machine_does_not_offer_any_more_are_not_counted() -> None:
    master = a_cell_with(a_job(task=ONE_GPU), FOUR_GPUS)
    place(master, {0: "gpus"}, gpus(0, 3))
    smaller = a_machine("gpus", devices=(DeviceOffer(2, model="A100"),))
    master.apply(JoinMachines(at=30, by="borglets", machines=(smaller,)))
    assert free_gpus(master) == [1000, 1000]


def test_a_set_serves_one_value_until_its_last_task_leaves() -> None:
    master = a_cell_with(a_job(task=IN_SG_1), TWO_ENIS)
    other = a_task_spec(sets=(SetRequest("eni", "sg-2"),))
    submit(master, a_job("db", task=other))
    db = JobKey("alice/db")
    assert place(master, {0: "enis"}, eni(0, 1)) == ()
    assert place(master, {1: "enis"}, eni(1, 1)) == ("the eni has no room any more",)
    assert place(master, {0: "enis"}, eni(0, 1, db), job=db) == (
        "the eni serves another value now",
    )
    assert tenancy_of(master.cell, "enis").sets["eni"] == [SetState(), SetState("sg-1", 2, 1)]
    master.apply(LoseMachines(at=30, machines=("enis",), reason="silence"))
    assert tenancy_of(master.cell, "enis").sets["eni"] == [SetState(), SetState()]


def test_who_asks_for_no_set_shares_one_with_others_who_do_not() -> None:
    master = a_cell_with(a_job(), TWO_ENIS)
    assert place(master, {0: "enis"}) == ("it got no eni there",)
    assert place(master, {0: "enis", 1: "enis"}, eni(0, 0), eni(1, 0)) == ()
    assert tenancy_of(master.cell, "enis").sets["eni"] == [SetState("", 0, 2), SetState()]


def test_a_fixed_port_is_given_once_on_each_machine() -> None:
    master = a_cell_with(a_job(task=a_task_spec(fixed_ports={"port": 80})), "m1", "m2")
    assert place(master, {0: "m1", 1: "m1", 2: "m2"}) == ("port 80 is taken there",)
    assert running(master) == [0, 2]
    assert place(master, {1: "m1"}) == ("port 80 is taken there",)
    master.apply(LoseMachines(at=30, machines=("m2",), reason="silence"))


def test_who_wants_no_neighbours_gets_none_before_or_after() -> None:
    master = a_cell_with(a_job(constraints=(c.Exclusive(),)), "m1", "m2")
    submit(master, a_job("db"))
    db = JobKey("alice/db")
    assert place(master, {0: "m1"}, job=db) == ()
    assert place(master, {0: "m1", 1: "m2", 2: "m2"}) == (
        "it wants no neighbours, and has some there",
        "a task there wants no neighbours",
    )
    assert place(master, {1: "m2"}, job=db) == ("a task there wants no neighbours",)


def test_a_wish_for_no_neighbours_holds_nobody_off() -> None:
    master = a_cell_with(a_job(constraints=(c.Exclusive(weight=50),)), "m1")
    assert place(master, {0: "m1", 1: "m1", 2: "m1"}) == ()


@pytest.mark.parametrize(
    ("rule", "before", "after", "why"),
    [
        pytest.param(
            c.Compare(attribute="arch", operator=c.Operator.EQUAL, values=("arm64",)),
            {"arch": "arm64"},
            {"arch": "x86_64"},
            "the machine is not as the job asks for: arch == 'arm64'",
            id="an attribute",
        ),
        pytest.param(
            c.Dedicated(pool="*/redis"),
            {"dedicated": "*/redis"},
            {},
            "the machine is set aside for others, or not set aside for the job",
            id="a pool",
        ),
    ],
)
def test_a_machine_may_have_become_another(
    rule: c.Constraint, before: dict[str, str], after: dict[str, str], why: str
) -> None:
    master = a_cell_with(a_job(constraints=(rule,)), a_machine(attributes=before))
    assert place(master, {0: "m1"}) == ()
    master.apply(JoinMachines(at=30, by="borglets", machines=(a_machine(attributes=after),)))
    assert place(master, {1: "m1"}) == (why,)


def test_machines_that_are_set_aside_take_nobody_else() -> None:
    master = a_cell_with(a_job(), a_machine(attributes={"dedicated": "bob/cache"}))
    assert place(master, {0: "m1"}) == (
        "the machine is set aside for others, or not set aside for the job",
    )


def test_a_plan_from_before_the_constraints_changed_is_stale() -> None:
    master = a_cell_with(a_job(), "m1")
    plan = Plan(master.cell.seq, 0, (Placement(WEB, 0, "m1"),))
    submit(master, a_job(constraints=(c.Limit(most=1),)), at=15)
    (stale,) = master.apply(ApplyPlan(at=20, plan=plan))
    assert getattr(stale, "reason", "") == "the job's constraints have changed"
    assert place(master, {0: "m1"}) == ()


def test_an_update_keeps_what_is_held_and_moves_who_asks_for_something_else() -> None:
    master = a_cell_with(a_job(task=ONE_GPU, batch=3), FOUR_GPUS)
    place(master, {0: "gpus", 1: "gpus"}, gpus(0, 3), gpus(1, 1))
    again = a_task_spec(devices=(DeviceRequest(),), args={"port": "%port%", "v": "2"})
    submit(master, a_job(task=again, batch=3), at=30)
    replace(master)
    assert master.cell.jobs[WEB].held[0] == Held({"gpu": (3,)})
    submit(master, a_job(task=HALF_A_GPU, batch=3), at=50)
    replace(master)
    assert all(master.cell.jobs[WEB].tasks[index].stopping for index in (0, 1))
    assert free_gpus(master) == [1000, 0, 1000, 0]


def replace(master: Borgmaster) -> None:
    indexes = next_to_replace(master.cell.jobs[WEB])
    master.apply(ReplaceTasks(at=60, job=WEB, indexes=indexes))


def test_jobs_that_want_others_away_are_known_while_they_run() -> None:
    away = c.Away(job="db", attribute="rack")
    master = a_cell_with(a_job(constraints=(away,)), "m1")
    assert master.cell.shunning == {}
    place(master, {0: "m1", 1: "m1"})
    assert master.cell.shunning == {WEB: 2}
    submit(master, a_job(), at=30)
    master.check()
    assert master.cell.shunning == {}
    submit(master, a_job(constraints=(away,)), at=40)
    master.check()
    assert master.cell.shunning == {WEB: 2}
    master.apply(StopTasks(at=50, by="root", job=WEB))
    master.apply(LoseMachines(at=60, machines=("m1",), reason="silence"))
    master.check()
    assert master.cell.shunning == {}


@pytest.mark.parametrize(
    ("machine", "field"),
    [
        pytest.param(
            a_machine(devices=(DeviceOffer(1), DeviceOffer(2))), "devices", id="a kind twice"
        ),
        pytest.param(
            a_machine(devices=(DeviceOffer(10**6),)), "devices.gpu.count", id="absurdly many"
        ),
        pytest.param(
            a_machine(sets=(SetOffer("e n i", 1, 1),)), "sets.e n i", id="no name of a set"
        ),
        pytest.param(
            a_machine(sets=(SetOffer("eni", 1, -1),)), "sets.eni.slots", id="fewer slots than none"
        ),
    ],
)
def test_machines_that_offer_what_cannot_be_do_not_join(machine: MachineSpec, field: str) -> None:
    master = a_borgmaster()
    outcome = outcome_of(master.apply(JoinMachines(at=5, by="borglets", machines=(machine,))))
    assert isinstance(outcome, Refusal)
    assert [problem.field for problem in outcome.problems] == [field]


def test_orders_tell_devices_beside_tasks_and_say_nothing_where_there_are_none() -> None:
    master = a_cell_with(a_job(task=ONE_GPU), FOUR_GPUS)
    submit(master, a_job("db"))
    place(master, {0: "gpus"}, job="alice/db")
    before = machine_orders(master.cell, "gpus")
    assert before.devices == ()
    assert b"devices" not in msgspec.json.encode(before)
    place(master, {0: "gpus", 1: "gpus"}, gpus(0, 3), gpus(1, 1))
    assert machine_orders(master.cell, "gpus").devices == (
        DeviceOrder(WEB, 0, {"gpu": (3,)}),
        DeviceOrder(WEB, 1, {"gpu": (1,)}),
    )


def test_why_tells_what_a_running_task_has_by_number() -> None:
    both = a_machine("both", devices=FOUR_GPUS.devices, sets=TWO_ENIS.sets)
    spec = a_task_spec(devices=(DeviceRequest(2),), sets=(SetRequest("eni", "sg-1"),))
    master = a_cell_with(a_job(task=spec), both)
    assert place(master, {0: "both"}, Holding(WEB, 0, {"gpu": (1, 3)}, {"eni": 0})) == ()
    incarnation = master.cell.jobs[WEB].tasks[0].incarnation
    told = StatusChange(WEB, 0, incarnation, TaskStatus(Phase.HEALTHY, pid=7))
    master.apply(Observe(at=30, differences=(MachineDifference("both", (told,)),)))
    why = task_why(master.cell, Snapshots(master).take(40), WEB, 0, 40)
    assert why.sentences == ("healthy on both", "it has gpu 1, 3 and eni 0 there")
