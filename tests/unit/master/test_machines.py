"""Machines that join, fall silent and come back, as conversations with a Borgmaster."""

from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.master.orders import machine_orders, specs_of
from borgpy.master.reports import difference
from borgpy.model.lifecycle import Phase
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.operations import JoinMachines, LoseMachines, Observe, RemoveMachine, StopTasks
from borgpy.model.orders import MachineReport, TaskReport
from borgpy.model.refusal import Accepted, Refusal, RefusalCode
from borgpy.model.resources import Resources
from borgpy.model.task import TaskStatus
from tests.builders import a_borgmaster, a_job, a_machine, place, submit

WEB = JobKey("alice/web")
HEALTHY = TaskStatus(Phase.HEALTHY, pid=7, ports={"port": 20001})


def a_report(
    master: Borgmaster, *tasks: TaskReport, machine: str = "m1", held: int | None = None
) -> MachineReport:
    orders_seq = master.cell.machines[machine].orders_seq if held is None else held
    return MachineReport(machine, orders_seq, "v1", tasks)


def take_in(master: Borgmaster, report: MachineReport, *, at: int = 50) -> None:
    found = difference(master.cell, report)
    if found is not None:
        master.apply(Observe(at=at, differences=(found,)))


def phase_of(master: Borgmaster, index: int) -> Phase:
    return master.cell.jobs[WEB].tasks[index].phase


def state_of(master: Borgmaster, machine: str) -> MachineState:
    return master.cell.machines[machine].state


def both_healthy(master: Borgmaster) -> tuple[TaskReport, ...]:
    tasks = master.cell.jobs[WEB].tasks
    return tuple(TaskReport(WEB, i, tasks[i].incarnation, HEALTHY) for i in range(2))


def a_running_job() -> Borgmaster:
    master = a_borgmaster("m1", "m2")
    submit(master, a_job(replicas=2))
    place(master, {0: "m1", 1: "m1"})
    take_in(master, a_report(master, *both_healthy(master)))
    return master


def test_orders_say_what_a_machine_should_run_and_carry_each_spec_once() -> None:
    master = a_running_job()
    orders = machine_orders(master.cell, "m1")
    tasks = master.cell.jobs[WEB].tasks
    assert [(o.index, o.incarnation) for o in orders.run or ()] == [
        (index, tasks[index].incarnation) for index in (0, 1)
    ]
    assert list(specs_of(master.cell, [orders])) == [master.cell.jobs[WEB].digest]
    assert machine_orders(master.cell, "m2").run == ()


def test_a_report_that_says_nothing_new_makes_no_operation() -> None:
    master = a_running_job()
    same = a_report(master, *both_healthy(master))
    assert difference(master.cell, same) is None


def test_a_task_ordered_after_the_report_is_on_its_way_not_gone() -> None:
    master = a_borgmaster("m1")
    before = master.cell.machines["m1"].orders_seq
    submit(master, a_job(replicas=1))
    place(master, {0: "m1"})
    assert difference(master.cell, a_report(master, held=before)) is None
    take_in(master, a_report(master))
    assert master.cell.jobs[WEB].tasks[0].phase is Phase.WAITING, "the Borglet had the order"


def test_a_task_that_is_killed_before_its_borglet_heard_of_it_ends_once_the_borglet_has() -> None:
    master = a_borgmaster("m1")
    old = master.cell.machines["m1"].orders_seq
    submit(master, a_job(replicas=1))
    place(master, {0: "m1"})
    master.apply(StopTasks(at=30, by="alice", job=WEB))
    take_in(master, a_report(master, held=old))
    assert phase_of(master, 0) is Phase.STOPPING
    take_in(master, a_report(master))
    assert phase_of(master, 0) is Phase.KILLED


def test_the_tasks_of_a_lost_machine_are_pending_again() -> None:
    master = a_running_job()
    master.apply(LoseMachines(at=60, machines=("m1",), reason="silence"))
    assert master.cell.machines["m1"].state is MachineState.LOST
    assert {t.phase for t in master.cell.jobs[WEB].tasks.values()} == {Phase.WAITING}
    assert master.cell.occupancy["m1"].used == Resources()
    assert "machine m1 was lost" in master.cell.jobs[WEB].tasks[0].reason


def test_a_returning_machine_is_used_only_after_its_duplicates_have_stopped() -> None:
    master = a_running_job()
    before = both_healthy(master)
    master.apply(LoseMachines(at=60, machines=("m1",), reason="silence"))
    place(master, {0: "m2", 1: "m2"})
    duplicates = before
    take_in(master, a_report(master, *duplicates))
    machine = master.cell.machines["m1"]
    assert (machine.state, machine.reason) == (MachineState.RETURNING, "stopping 2 duplicates")
    assert machine_orders(master.cell, "m1").run == ()
    assert [t.machine for t in master.cell.jobs[WEB].tasks.values()] == ["m2", "m2"]
    take_in(master, a_report(master, duplicates[0]))
    assert state_of(master, "m1") is MachineState.RETURNING
    take_in(master, a_report(master))
    assert state_of(master, "m1") is MachineState.UP


def test_a_job_stopped_while_its_machine_is_silent_ends_when_the_machine_is_lost() -> None:
    master = a_running_job()
    master.apply(StopTasks(at=55, by="alice", job=WEB))
    master.apply(LoseMachines(at=60, machines=("m1",), reason="silence"))
    assert {t.phase for t in master.cell.jobs[WEB].tasks.values()} == {Phase.KILLED}


def test_a_machine_in_use_is_not_removed_and_a_free_one_is() -> None:
    master = a_running_job()
    refusal = outcome_of(master.apply(RemoveMachine(at=60, by="root", machine="m1")))
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.CONFLICT
    gone = outcome_of(master.apply(RemoveMachine(at=60, by="root", machine="m2")))
    assert isinstance(gone, Accepted)
    assert list(master.cell.machines) == ["m1"]


def test_a_machine_with_a_bad_name_or_address_cannot_join_and_says_why() -> None:
    master = a_borgmaster()
    bad = a_machine("-bad name")
    refusal = outcome_of(master.apply(JoinMachines(at=1, by="b", machines=(bad,))))
    assert isinstance(refusal, Refusal)
    assert [problem.field for problem in refusal.problems] == ["name"]
