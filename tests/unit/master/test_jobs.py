"""Submitting, changing and stopping jobs, as conversations with a Borgmaster."""

from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.master.due import due
from borgpy.master.orders import machine_orders, specs_of
from borgpy.master.views import job_view
from borgpy.model import checkpoint
from borgpy.model.events import Event, Faulted
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.names import JobKey
from borgpy.model.operations import MachineDifference, Observe, StatusChange, StopTasks, SubmitJob
from borgpy.model.overrides import Override, parse_ranges
from borgpy.model.refusal import Accepted, Refusal, RefusalCode
from borgpy.model.resources import Resources
from borgpy.model.spec import Restart
from borgpy.model.task import TaskStatus
from tests.builders import (
    a_borgmaster,
    a_job,
    a_task_spec,
    accepted,
    place,
    submit,
)

WEB = JobKey("alice/web")


def said(
    master: Borgmaster,
    index: int,
    phase: Phase | None,
    *,
    machine: str = "m1",
    at: int = 30,
    started_at: int = 0,
    reason: str = "",
) -> list[Event]:
    """The Borglet reports a task's phase, or that it is gone."""
    task = master.cell.jobs[WEB].tasks[index]
    status = None if phase is None else TaskStatus(phase, started_at=started_at, reason=reason)
    change = StatusChange(WEB, index, task.incarnation, status)
    return master.apply(Observe(at=at, differences=(MachineDifference(machine, (change,)),)))


def test_a_new_job_has_pending_tasks_and_version_one() -> None:
    master = a_borgmaster("m1")
    assert accepted(submit(master, a_job(replicas=3))) == Accepted(
        master.cell.seq, version=1, created=3
    )
    tasks = master.cell.jobs[WEB].tasks
    assert [(t.index, t.state, t.phase) for t in tasks.values()] == [
        (i, TaskState.PENDING, Phase.WAITING) for i in range(3)
    ]


def test_an_unchanged_job_is_left_alone() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=2))
    place(master, {0: "m1", 1: "m1"})
    before = {i: (t.incarnation, t.since) for i, t in master.cell.jobs[WEB].tasks.items()}
    again = accepted(submit(master, a_job(replicas=2), at=50))
    assert (again.version, again.created, again.restarted, again.unchanged) == (1, 0, 0, 2)
    assert {i: (t.incarnation, t.since) for i, t in master.cell.jobs[WEB].tasks.items()} == before


def test_scaling_up_adds_and_scaling_down_kills_the_highest() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=2))
    place(master, {0: "m1", 1: "m1"})
    assert accepted(submit(master, a_job(replicas=4))).created == 2
    smaller = accepted(submit(master, a_job(replicas=1)))
    assert smaller.stopped == 3
    tasks = master.cell.jobs[WEB].tasks
    assert [tasks[i].phase for i in range(4)] == [
        Phase.ASSIGNED,
        Phase.STOPPING,
        Phase.KILLED,
        Phase.KILLED,
    ]
    said(master, 1, None)
    assert tasks[1].phase is Phase.KILLED
    assert job_view(master.cell, WEB).phases == {"assigned": 1}


def test_a_changed_job_replaces_its_tasks_one_after_the_other() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=3, batch=1))
    place(master, {0: "m1", 1: "m1", 2: "m1"})
    for index in range(3):
        said(master, index, Phase.HEALTHY)
    changed = a_job(replicas=3, batch=1, task=a_task_spec(args={"port": "%port%", "v": "2"}))
    assert accepted(submit(master, changed)).restarted == 3
    replaced = []
    for at in range(100, 104):
        for operation in due(master.cell, at):
            master.apply(operation)
        assert due(master.cell, at) == [], "the next waits until this one is healthy"
        moved = [i for i, t in master.cell.jobs[WEB].tasks.items() if t.phase is Phase.ASSIGNED]
        replaced.extend(moved)
        for index in moved:
            said(master, index, Phase.HEALTHY, at=at)
    assert replaced == [0, 1, 2]
    job = master.cell.jobs[WEB]
    assert set(job.specs) == {job.digest}
    assert {t.machine for t in job.tasks.values()} == {"m1"}
    incarnations = [job.tasks[index].incarnation for index in range(3)]
    assert incarnations == sorted(set(incarnations)), "each restart is a new one"


def an_override(tasks: str, **args: str) -> Override:
    return Override(parse_ranges(tasks), args=args)


def args_of(master: Borgmaster, index: int) -> dict[str, str]:
    """What the machine of a task is ordered to start it with."""
    job = master.cell.jobs[WEB]
    orders = machine_orders(master.cell, job.tasks[index].machine)
    specs = specs_of(master.cell, [orders])
    (digest,) = [order.spec for order in orders.run or () if order.index == index]
    return specs[digest].args


def test_each_task_is_ordered_with_its_own_overrides() -> None:
    master = a_borgmaster("m1")
    overrides = (an_override("1-2", shard="x"), an_override("2", shard="y"))
    submit(master, a_job(replicas=4, task=a_task_spec(args={"v": "1"}), overrides=overrides))
    place(master, dict.fromkeys(range(4), "m1"))
    assert [args_of(master, index) for index in range(4)] == [
        {"v": "1"},
        {"v": "1", "shard": "x"},
        {"v": "1", "shard": "y"},
        {"v": "1"},
    ]
    assert due(master.cell, 100) == []
    assert checkpoint.encode(
        checkpoint.decode(checkpoint.encode(master.cell))
    ) == checkpoint.encode(master.cell)
    master.check()


def test_a_changed_override_restarts_only_its_tasks() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=5, batch=5, overrides=(an_override("1-2", v="1"),)))
    place(master, dict.fromkeys(range(5), "m1"))
    for index in range(5):
        said(master, index, Phase.HEALTHY)
    changed = a_job(replicas=5, batch=5, overrides=(an_override("2-3", v="1"),))
    assert accepted(submit(master, changed)).restarted == 2
    (replace,) = due(master.cell, 100)
    assert replace.indexes == (1, 3)  # type: ignore[union-attr]
    master.apply(replace)
    assert "v" not in args_of(master, 1)
    assert args_of(master, 3)["v"] == "1"
    master.check()


def test_an_evicted_task_keeps_its_override() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=2, overrides=(an_override("1", v="1"),)))
    place(master, {0: "m1", 1: "m1"})
    said(master, 1, None)
    assert master.cell.jobs[WEB].tasks[1].phase is Phase.WAITING
    place(master, {1: "m1"}, at=90)
    assert args_of(master, 1)["v"] == "1"
    master.check()


def test_a_job_whose_tasks_all_crash_can_still_be_mended() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=4, batch=2))
    place(master, dict.fromkeys(range(4), "m1"))
    for index in range(4):
        said(master, index, Phase.BACKING_OFF)
    submit(master, a_job(replicas=4, batch=2, task=a_task_spec(args={"fixed": "1"}, ports=())))
    (replace,) = due(master.cell, 100)
    assert replace.indexes == (0, 1)  # type: ignore[union-attr]


def test_a_priority_change_restarts_nothing() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=2))
    place(master, {0: "m1", 1: "m1"})
    answer = accepted(submit(master, a_job(replicas=2, priority=200)))
    assert (answer.version, answer.restarted) == (2, 0)
    assert due(master.cell, 100) == []


def test_a_task_that_does_not_fit_in_place_any_more_is_placed_anew() -> None:
    master = a_borgmaster("m1", capacity=Resources(cpu=1000, ram=1 << 30, disk=1 << 40, ports=9))
    submit(master, a_job(replicas=1))
    place(master, {0: "m1"})
    big = a_task_spec(requirements=Resources(cpu=2000))
    submit(master, a_job(replicas=1, task=big))
    for operation in due(master.cell, 100):
        master.apply(operation)
    task = master.cell.jobs[WEB].tasks[0]
    assert (task.phase, task.stopping is not None) == (Phase.STOPPING, True)
    said(master, 0, None)
    assert task.phase is Phase.WAITING
    assert task.spec == master.cell.jobs[WEB].digest


def test_a_killed_task_stays_dead_until_the_job_is_submitted_again() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=2))
    place(master, {0: "m1", 1: "m1"})
    master.apply(StopTasks(at=25, by="alice", job=WEB, indexes=(1,)))
    said(master, 1, None)
    task = master.cell.jobs[WEB].tasks[1]
    assert (task.state, task.phase, task.reason) == (
        TaskState.DEAD,
        Phase.KILLED,
        "killed by alice",
    )
    assert accepted(submit(master, a_job(replicas=2))).created == 1


def test_no_incarnation_is_ever_used_twice_even_when_the_job_was_forgotten() -> None:
    master = a_borgmaster("m1")
    seen = []
    for at in (100, 200):
        submit(master, a_job(replicas=1), at=at)
        place(master, {0: "m1"}, at=at)
        seen.append(master.cell.jobs[WEB].tasks[0].incarnation)
        master.apply(StopTasks(at=at, by="alice", job=WEB, purge=True))
        said(master, 0, None)
        for operation in due(master.cell, at):
            master.apply(operation)
        assert WEB not in master.cell.jobs
    assert seen[0] < seen[1]


def test_down_then_up_before_the_tasks_have_ended_brings_them_back() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=1))
    place(master, {0: "m1"})
    master.apply(StopTasks(at=25, by="alice", job=WEB))
    submit(master, a_job(replicas=1))
    said(master, 0, None)
    assert master.cell.jobs[WEB].tasks[0].phase is Phase.WAITING


def test_a_stopped_job_is_forgotten_after_a_while_and_a_purged_one_at_once() -> None:
    master = a_borgmaster()
    submit(master, a_job(replicas=2))
    submit(master, a_job("etl", replicas=2))
    master.apply(StopTasks(at=20, by="alice", job=WEB))
    master.apply(StopTasks(at=20, by="alice", job=JobKey("alice/etl"), purge=True))
    for operation in due(master.cell, 30):
        master.apply(operation)
    assert list(master.cell.jobs) == [WEB]
    for operation in due(master.cell, 20 + 3_600_000):
        master.apply(operation)
    assert master.cell.jobs == {}


def test_a_write_against_an_old_version_changes_nothing() -> None:
    master = a_borgmaster()
    submit(master, a_job())
    operation = SubmitJob(at=20, by="alice", spec=a_job(replicas=9), if_version=0)
    refusal = outcome_of(master.apply(operation))
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.CONFLICT
    assert master.cell.jobs[WEB].spec.replicas == 3


def test_a_repeated_request_gets_the_first_answer_and_another_under_its_id_is_refused() -> None:
    master = a_borgmaster()
    first = SubmitJob(at=20, by="alice", request_id="r1", spec=a_job(replicas=2))
    answer = outcome_of(master.apply(first))
    again = SubmitJob(at=99, by="alice", request_id="r1", spec=a_job(replicas=2))
    assert outcome_of(master.apply(again)) == answer
    other = SubmitJob(at=99, by="alice", request_id="r1", spec=a_job(replicas=5))
    refusal = outcome_of(master.apply(other))
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.CONFLICT
    assert master.cell.jobs[WEB].spec.replicas == 2


def test_a_finished_task_is_not_run_again_when_its_job_is_submitted_unchanged() -> None:
    master = a_borgmaster("m1")
    batch = a_job(replicas=1, task=a_task_spec(restart=Restart.ON_FAILURE))
    submit(master, batch)
    place(master, {0: "m1"})
    said(master, 0, Phase.FINISHED)
    assert master.cell.jobs[WEB].tasks[0].phase is Phase.FINISHED
    assert accepted(submit(master, batch)).created == 0
    changed = a_job(replicas=1, task=a_task_spec(restart=Restart.ON_FAILURE, args={}, ports=()))
    assert accepted(submit(master, changed)).created == 1


def test_a_crashing_task_moves_on_with_a_growing_penalty() -> None:
    master = a_borgmaster("m1", "m2")
    submit(master, a_job(replicas=1))
    task = master.cell.jobs[WEB].tasks[0]
    waits = []
    at = 1000
    for machine in ("m1", "m2", "m1"):
        place(master, {0: machine}, at=at)
        said(master, 0, Phase.FAILED, machine=machine, at=at, started_at=at - 5, reason="exit 1")
        assert task.phase is Phase.THROTTLED
        waits.append(task.ready_at - at)
        at = task.ready_at
    assert waits == [30_000, 60_000, 120_000]
    assert task.avoid == ("m2", "m1")


def test_a_fault_of_ours_changes_nothing_and_is_told() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=1))
    before = checkpoint.decode(checkpoint.encode(master.cell))
    broken = SubmitJob(at=99, by="alice", request_id="r1", spec=None)  # type: ignore[arg-type]
    (fault,) = master.apply(broken)
    assert isinstance(fault, Faulted)
    assert fault.operation == "SubmitJob"
    outcome = outcome_of([fault])
    assert isinstance(outcome, Refusal)
    assert outcome.code is RefusalCode.FAULT
    after = checkpoint.decode(checkpoint.encode(master.cell))
    assert (after.seq, after.jobs, after.answers) == (before.seq + 1, before.jobs, before.answers)
    accepted(submit(master, a_job(replicas=2)))
