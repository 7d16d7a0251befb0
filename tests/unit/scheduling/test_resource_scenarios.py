"""Scenarios F1 to F10 of Fenzo's own tests: resources, ports, and what takes the place of Mesos' offers here.

There are no offers: a machine that has joined is there, with all that it has, until it leaves or is lost.
"""

import msgspec
import pytest

from borgpy.borglet.ports import NoFreePort, PortBook
from borgpy.master.borgmaster import Borgmaster
from borgpy.master.snapshots import Snapshots
from borgpy.model import constraints as c
from borgpy.model.lifecycle import TaskState
from borgpy.model.names import JobKey
from borgpy.model.operations import (
    ApplyPlan,
    JoinMachines,
    LoseMachines,
    MachineDifference,
    Observe,
    RemoveMachine,
)
from borgpy.model.plan import Plan, Veto, VetoKind
from borgpy.model.policy import Packing, only
from borgpy.model.resources import Resources
from borgpy.scheduling.schedule import schedule_pass
from tests.builders import a_borgmaster, a_job, a_task_spec, submit
from tests.builders import a_machine as a_live_machine
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, placed

PACKING = only(Packing.CPU_PACKER)
WEB = JobKey("alice/web")


def cores(cpu: int, ram: int = 0) -> Resources:
    return Resources(cpu * 1000, ram << 20, ports=0)


@pytest.mark.parametrize(
    ("requests", "fitting"),
    [
        pytest.param([Resources(cpu=2), Resources(cpu=2), Resources(cpu=1)], 2, id="cpu"),
        pytest.param([Resources(ram=95)] * 3, 1, id="memory"),
        pytest.param([Resources(extra={"network": 512})] * 3, 2, id="network"),
        pytest.param([Resources(disk=800)] * 3, 1, id="disk"),
        pytest.param([Resources(ports=6)] * 3, 1, id="ports"),
    ],
)
def test_f1_as_many_tasks_as_there_is_room_for(requests: list[Resources], fitting: int) -> None:
    host = a_machine("h", Resources(4, 100, 1000, 10, {"network": 1024}))
    jobs = tuple(
        a_pending_job(f"alice/job{i}", request=request) for i, request in enumerate(requests)
    )
    plan = schedule_pass(a_cell(host, pending=jobs), PACKING, 1)
    assert len(plan.placements) == fitting
    assert len(plan.unplaced) == len(requests) - fitting


def test_f2_ports_are_used_up_without_a_repeat_or_a_leak() -> None:
    """The scheduler counts ports, and the Borglet hands out the numbers: one range, of which none is lost."""
    host = a_machine("h", Resources(ports=10))
    for used in range(0, 10, 2):
        job = a_pending_job(request=Resources(ports=2))
        busy = msgspec.structs.replace(host, used=Resources(ports=used))
        assert placed(schedule_pass(a_cell(busy, pending=(job,)), PACKING, 1)) == {WEB: 1}
    full = msgspec.structs.replace(host, used=Resources(ports=10))
    plan = schedule_pass(
        a_cell(full, pending=(a_pending_job(request=Resources(ports=1)),)), PACKING, 1
    )
    assert plan.unplaced[0].vetoes == (Veto(VetoKind.RESOURCE, 1, "ports", "h", 1),)

    book = PortBook(1, 10, is_free=lambda port: True)
    taken = [port for _ in range(5) for port in book.take(("a", "b"), {}).values()]
    assert sorted(taken) == list(range(1, 11))
    with pytest.raises(NoFreePort):
        book.take(("a",), {})
    book.give_back({"a": 7})
    assert book.take(("a",), {}) == {"a": 7}


class Live:
    """A cell with its scheduler."""

    def __init__(self, *machines: str, capacity: Resources) -> None:
        self.master: Borgmaster = a_borgmaster(*machines, capacity=capacity)
        self.snapshots = Snapshots(self.master)
        self.at = 100

    def join(self, name: str, capacity: Resources) -> None:
        described = (a_live_machine(name, capacity=capacity),)
        self.master.apply(JoinMachines(at=self.at, by="borglets", machines=described))

    def submit(
        self, tasks: int, request: Resources, *rules: c.Constraint, job: str = "web"
    ) -> None:
        task = a_task_spec(requirements=request, ports=(), args={})
        submit(self.master, a_job(job, replicas=tasks, task=task, constraints=rules))

    def run_pass(self) -> Plan:
        self.at += 1
        plan = schedule_pass(self.snapshots.take(self.at), PACKING, 1)
        self.master.apply(ApplyPlan(at=self.at, plan=plan))
        self.master.check()
        return plan

    def states(self, job: str = "web") -> list[TaskState]:
        tasks = self.master.cell.jobs[JobKey(f"alice/{job}")].tasks
        return [task.state for task in tasks.values()]


def test_f3_a_host_that_says_it_has_more_has_more() -> None:
    """No two offers to add up: a host is described anew, as a whole."""
    live = Live("h", capacity=cores(2, 20))
    live.submit(2, cores(1, 40))
    assert live.run_pass().placements == ()
    live.join("h", cores(4, 80))
    assert len(live.run_pass().placements) == 2


def test_f4_what_is_not_used_stays_there_for_later_passes_until_the_host_leaves() -> None:
    """Nothing expires and nothing is given back to anybody: nobody else is waiting for it."""
    live = Live("h1", "h2", capacity=cores(4, 100))
    for _ in range(20):
        assert live.run_pass().placements == ()
    live.submit(4, cores(1, 10))
    assert len(live.run_pass().placements) == 4
    live.master.apply(RemoveMachine(at=200, by="root", machine="h1"))
    live.submit(8, cores(1, 10), job="more")
    plan = live.run_pass()
    assert {placement.machine for placement in plan.placements} == {"h2"}


def test_f5_idle_hosts_stay_in_the_cell() -> None:
    """How many idle hosts to give back is the autoscaler's decision, and passes never make it."""
    live = Live(*(f"h{i}" for i in range(10)), capacity=cores(4, 100))
    live.submit(4, cores(1, 10))
    plan = live.run_pass()
    assert {placement.machine for placement in plan.placements} == {"h0"}
    assert len(live.snapshots.take(300)) == 10


def test_f6_a_host_that_is_gone_before_the_pass_is_not_used_until_it_comes_back() -> None:
    live = Live("h", capacity=cores(4, 100))
    live.submit(1, cores(1, 10))
    live.master.apply(LoseMachines(at=50, machines=("h",), reason="no answer"))
    plan = live.run_pass()
    assert plan.placements == ()
    assert [veto.kind for veto in plan.unplaced[0].vetoes] == [VetoKind.UNAVAILABLE]
    back = MachineDifference("h", answers=True)
    for _ in range(2):  # it answers, and then has nothing left that it should have stopped
        live.master.apply(Observe(at=150, differences=(back,)))
    assert len(live.run_pass().placements) == 1


def test_f6_a_plan_for_a_host_that_left_meanwhile_is_stale_and_the_task_waits_on() -> None:
    live = Live("h", capacity=cores(4, 100))
    live.submit(1, cores(1, 10))
    plan = schedule_pass(live.snapshots.take(150), PACKING, 1)
    assert len(plan.placements) == 1
    live.master.apply(RemoveMachine(at=160, by="root", machine="h"))
    live.master.apply(ApplyPlan(at=170, plan=plan))
    assert live.states() == [TaskState.PENDING]


def test_f7_too_little_of_a_named_scalar_is_said_with_its_name() -> None:
    host = a_machine("h", Resources(4, 4, extra={"gpu": 1}))
    job = a_pending_job(request=Resources(1, 1, extra={"gpu": 2}))
    plan = schedule_pass(a_cell(host, pending=(job,)), PACKING, 1)
    assert plan.unplaced[0].vetoes == (Veto(VetoKind.CAPACITY, 1, "gpu", "h", 1),)


def test_f7_the_scarcer_of_two_scalars_decides() -> None:
    hosts = [a_machine(name, Resources(9, 9, extra={"gpu": 4, "foo": 2})) for name in ("a", "b")]
    job = a_pending_job(tasks=8, request=Resources(1, 1, extra={"gpu": 1, "foo": 1}))
    plan = schedule_pass(a_cell(*hosts, pending=(job,)), PACKING, 1)
    assert len(plan.placements) == 4
    [unplaced] = plan.unplaced
    assert len(unplaced.indexes) == 4
    assert [(veto.dimension, veto.machines) for veto in unplaced.vetoes] == [("foo", 2)]


def test_f8_a_host_is_described_once_and_what_is_used_is_counted_from_then_on() -> None:
    """Fenzo's single-offer mode is the only one here."""
    live = Live("h", capacity=cores(4, 100))
    for wanted, got in ((1, 1), (3, 3), (1, 0)):
        live.submit(wanted, cores(1, 10), job=f"job{wanted}{got}")
        assert len(live.run_pass().placements) == got


def test_f8_a_task_that_runs_already_counts() -> None:
    busy = a_machine("h", cores(4, 100), cores(1, 10))
    job = a_pending_job(tasks=4, request=cores(1, 10))
    assert placed(schedule_pass(a_cell(busy, pending=(job,)), PACKING, 1)) == {WEB: 3}


def test_f9_hosts_of_other_groups_get_no_task() -> None:
    """No list of active groups: a host that may not be used is not placeable, a group is an attribute to ask for."""
    hosts = [
        a_machine("a", attributes={"group": "old"}, placeable=False),
        a_machine("b", attributes={"group": "other"}),
        a_machine("c", attributes={"group": "new"}),
    ]
    wants = c.Compare(attribute="group", operator=c.Operator.IN, values=("old", "new"))
    job = msgspec.structs.replace(a_pending_job(tasks=20), constraints=(wants,))
    plan = schedule_pass(a_cell(*hosts, pending=(job,)), PACKING, 1)
    assert {placement.machine for placement in plan.placements} == {"c"}
    assert len(plan.placements) == 8
    assert [(veto.kind, veto.machines) for veto in plan.unplaced[0].vetoes] == [
        (VetoKind.RESOURCE, 1),
        (VetoKind.ATTRIBUTE, 1),
        (VetoKind.UNAVAILABLE, 1),
    ]


def test_f10_what_is_not_placed_in_a_pass_is_neither_failed_nor_lost() -> None:
    """No batch size: a pass places all that fits, and plans are carried out in small pieces. The rest is pending."""
    live = Live("h", capacity=cores(2, 100))
    live.submit(5, cores(1, 10))
    plan = live.run_pass()
    assert [placement.index for placement in plan.placements] == [0, 1]
    assert [unplaced.indexes for unplaced in plan.unplaced] == [(2, 3, 4)]
    assert live.states().count(TaskState.PENDING) == 3
    live.join("h2", cores(3, 100))
    assert [placement.index for placement in live.run_pass().placements] == [2, 3, 4]
    assert TaskState.PENDING not in live.states()
