"""Alloc sets: how allocs and the tasks in them are placed, changed, stopped and lost."""

from collections import Counter

import msgspec
import pytest

from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.master.due import due
from borgpy.master.orders import machine_orders
from borgpy.master.reports import difference
from borgpy.master.snapshots import Snapshots
from borgpy.model import checkpoint
from borgpy.model.constraints import MACHINE, Constraint, Limit, Spread
from borgpy.model.events import (
    Event,
    PlacementStale,
    TaskEnded,
    TaskEvicted,
    TaskScheduled,
    TaskStopping,
    TaskUpdated,
)
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.names import JobKey
from borgpy.model.operations import ApplyPlan, LoseMachines, Observe, StopTasks
from borgpy.model.orders import MachineReport, TaskReport
from borgpy.model.plan import Holding, Placement, Plan
from borgpy.model.policy import Policy
from borgpy.model.refusal import Accepted
from borgpy.model.resources import Resources
from borgpy.model.task import TaskStatus
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot
from tests.builders import (
    GIB,
    LARGE,
    MIB,
    ROOMY,
    SMALL,
    a_borgmaster,
    a_job,
    a_task_spec,
    accepted,
    an_alloc_set,
    place,
    place_within,
    submit,
)

ROOM, WEB, LOGS = JobKey("alice/room"), JobKey("alice/web"), JobKey("alice/logs")
HALF = Resources(cpu=500, ram=GIB // 2, disk=GIB // 2)


def a_cell_with_an_alloc_set(replicas: int = 2) -> Borgmaster:
    """Allocs 0, 1, … are placed on machines m1 and m2 in turn."""
    master = a_borgmaster("m1", "m2")
    accepted(submit(master, an_alloc_set(replicas=replicas)))
    place(master, {index: f"m{1 + index % 2}" for index in range(replicas)}, job=ROOM)
    return master


def two_jobs_in_alloc_0() -> Borgmaster:
    master = a_cell_with_an_alloc_set()
    for name in ("web", "logs"):
        accepted(submit(master, a_job(name, replicas=1, alloc="room")))
        place_within(master, {0: 0}, job=f"alice/{name}")
    return master


def kill(master: Borgmaster, job: JobKey, *indexes: int) -> list[Event]:
    return master.apply(StopTasks(at=50, by="alice", job=job, indexes=indexes or None))


def all_is_done(master: Borgmaster, machine: str) -> list[Event]:
    """The machine reports that it runs what it was told to, and nothing else."""
    orders = machine_orders(master.cell, machine)
    status = TaskStatus(Phase.HEALTHY)
    tasks = tuple(TaskReport(o.job, o.index, o.incarnation, status) for o in orders.run or ())
    found = difference(master.cell, MachineReport(machine, orders.orders_seq, "v", tasks))
    if found is None:
        return []
    events = master.apply(Observe(at=60, differences=(found,)))
    master.check()
    return events


class TestPlaces:
    """What an alloc takes, and what the tasks in it take."""

    def test_an_alloc_is_healthy_as_soon_as_it_is_placed_and_no_borglet_hears_of_it(self) -> None:
        master = a_cell_with_an_alloc_set()
        alloc = master.cell.jobs[ROOM].tasks[0]
        assert (alloc.state, alloc.phase) == (TaskState.RUNNING, Phase.HEALTHY)
        assert machine_orders(master.cell, "m1").run == ()
        assert all_is_done(master, "m1") == [], "that nobody reports it says nothing"
        assert master.cell.occupancy["m1"].used == LARGE

    def test_a_task_takes_of_its_alloc_and_only_ports_of_the_machine(self) -> None:
        master = two_jobs_in_alloc_0()
        assert master.cell.allocs[ROOM][0].used == SMALL * 2
        assert master.cell.occupancy["m1"].used == LARGE + Resources(ports=2)
        run = machine_orders(master.cell, "m1").run or ()
        assert [(order.job, order.index) for order in run] == [(LOGS, 0), (WEB, 0)]
        master.check()

    def test_an_alloc_set_counts_against_quota_and_the_jobs_in_it_do_not(self) -> None:
        from borgpy.admission.charge import charged
        from borgpy.model.priority import Band

        master = two_jobs_in_alloc_0()
        assert charged(master.cell, "alice", Band.BATCH) == LARGE * 2

    def test_a_checkpoint_tells_who_is_in_which_alloc(self) -> None:
        master = two_jobs_in_alloc_0()
        blob = checkpoint.encode(master.cell)
        restored = checkpoint.decode(blob)
        restored.check()
        assert checkpoint.encode(restored) == blob
        assert restored.jobs[WEB].alloc_of(0) == "alice/room/0"

    def test_the_scheduler_sees_allocs_as_small_machines(self) -> None:
        master = two_jobs_in_alloc_0()
        accepted(submit(master, a_job("late", alloc="room")))
        seen = Snapshots(master).take(40).allocs[ROOM]
        assert (seen.names, seen.hosts) == (("+000000", "+000001"), ("m1", "m2"))
        cpu, ports = seen.dimensions.index("cpu"), seen.dimensions.index("ports")
        assert seen.free[:, cpu].tolist() == [800, 1000]
        assert seen.free[:, ports].tolist() == [998, 1000], "what the machine has left"

    def test_columns_of_allocs_that_are_kept_are_those_that_are_made_anew(self) -> None:
        master = two_jobs_in_alloc_0()
        accepted(submit(master, a_job("late", alloc="room")))
        kept = Snapshots(master)
        for step in (
            lambda: kill(master, WEB, 0),
            lambda: all_is_done(master, "m1"),
            lambda: kill(master, ROOM, 0),
            lambda: all_is_done(master, "m1"),
            lambda: submit(master, an_alloc_set(replicas=3)),
            lambda: place(master, {0: "m2", 2: "m1"}, job=ROOM),
            lambda: kill(master, ROOM),
        ):
            step()
            now, anew = kept.take(99).allocs, Snapshots(master).take(99).allocs
            assert now.keys() == anew.keys()
            for key in now:
                assert (now[key].names, now[key].hosts) == (anew[key].names, anew[key].hosts)
                assert (now[key].free == anew[key].free).all()


class TestPlans:
    """Lines of a plan that put a task into an alloc are looked at again."""

    @pytest.mark.parametrize(
        ("machine", "alloc", "why"),
        [
            pytest.param("m1", -1, "the plan names no alloc for it", id="no alloc"),
            pytest.param("m1", 1, "alloc alice/room/1 is not there any more", id="elsewhere"),
            pytest.param("m1", 7, "alloc alice/room/7 is not there any more", id="no such alloc"),
            pytest.param("m1", 0, "alloc alice/room/0 has no room any more", id="full"),
        ],
    )
    def test_what_does_not_hold_any_more_is_told(self, machine: str, alloc: int, why: str) -> None:
        master = a_cell_with_an_alloc_set()
        big = a_task_spec(requirements=LARGE)
        accepted(submit(master, a_job("big", replicas=1, task=big, alloc="room")))
        place_within(master, {0: 0}, job="alice/big")
        accepted(submit(master, a_job(replicas=1, alloc="room")))
        plan = Plan(0, 0, (Placement(WEB, 0, machine),), holdings=(Holding(WEB, 0, alloc=alloc),))
        assert master.apply(ApplyPlan(at=40, plan=plan)) == [PlacementStale(WEB, 0, machine, why)]

    def test_one_plan_does_not_fill_an_alloc_twice(self) -> None:
        master = a_cell_with_an_alloc_set()
        spec = a_task_spec(requirements=HALF)
        accepted(submit(master, a_job(task=spec, replicas=3, alloc="room")))
        events = place_within(master, {0: 0, 1: 0, 2: 0})
        assert [type(event) for event in events] == [TaskScheduled, TaskScheduled, PlacementStale]
        master.check()

    def test_nothing_goes_into_an_alloc_that_is_stopping(self) -> None:
        master = two_jobs_in_alloc_0()
        kill(master, ROOM, 0)
        accepted(submit(master, a_job("late", replicas=1, alloc="room")))
        (event,) = place_within(master, {0: 0}, job="alice/late")
        assert isinstance(event, PlacementStale)
        assert event.reason == "alloc alice/room/0 is stopping"


class TestFollowing:
    """Tasks follow their alloc."""

    def test_an_alloc_that_is_killed_goes_after_its_tasks_which_are_placed_again(self) -> None:
        master = two_jobs_in_alloc_0()
        events = kill(master, ROOM, 0)
        assert outcome_of(events) == Accepted(master.cell.seq, 1, stopped=1, followed=2)
        told = [(e.job, e.reason) for e in events if isinstance(e, TaskStopping)]
        reason = "its alloc alice/room/0 is stopping: killed by alice"
        assert told == [(ROOM, "killed by alice"), (LOGS, reason), (WEB, reason)]
        assert master.cell.jobs[ROOM].tasks[0].phase is Phase.STOPPING
        master.check()

        gone = all_is_done(master, "m1")
        assert [(type(e), e.job) for e in gone if isinstance(e, TaskEvicted | TaskEnded)] == [
            (TaskEvicted, WEB),
            (TaskEvicted, LOGS),
            (TaskEnded, ROOM),
        ]
        assert set(master.cell.pending) == {WEB, LOGS}
        assert isinstance(place_within(master, {0: 1})[0], TaskScheduled), "another alloc has room"

    def test_an_empty_alloc_goes_at_once(self) -> None:
        master = a_cell_with_an_alloc_set()
        events = kill(master, ROOM)
        assert sum(isinstance(event, TaskEnded) for event in events) == 2
        assert not master.cell.allocs
        assert master.cell.occupancy["m1"].used == Resources()
        master.check()

    def test_a_lost_machine_takes_the_alloc_and_its_tasks_with_it(self) -> None:
        master = two_jobs_in_alloc_0()
        events = master.apply(LoseMachines(at=70, machines=("m1",), reason="silence"))
        told = {e.job: e.reason for e in events if isinstance(e, TaskEvicted)}
        assert told == {
            ROOM: "machine m1 was lost: silence",
            WEB: "machine m1 was lost, and with it alloc alice/room/0: silence",
            LOGS: "machine m1 was lost, and with it alloc alice/room/0: silence",
        }
        master.check()

    def test_fewer_replicas_stop_the_allocs_that_are_too_many_and_their_tasks(self) -> None:
        master = a_cell_with_an_alloc_set()
        accepted(submit(master, a_job(replicas=1, alloc="room")))
        place_within(master, {0: 1})
        answer = accepted(submit(master, an_alloc_set(replicas=1)))
        assert (answer.stopped, answer.followed) == (1, 1)
        all_is_done(master, "m2")
        assert master.cell.jobs[ROOM].tasks[1].state is TaskState.DEAD
        assert master.cell.jobs[WEB].tasks[0].state is TaskState.PENDING

    def test_a_dry_run_tells_how_many_tasks_would_follow(self) -> None:
        master = two_jobs_in_alloc_0()
        stop = StopTasks(at=50, by="alice", job=ROOM)
        assert master.preview(stop) == Accepted(0, 1, stopped=2, followed=2)

    def test_a_task_that_was_to_be_killed_anyway_stays_dead(self) -> None:
        master = two_jobs_in_alloc_0()
        kill(master, WEB)
        kill(master, ROOM)
        all_is_done(master, "m1")
        assert master.cell.jobs[WEB].tasks[0].state is TaskState.DEAD
        assert master.cell.jobs[LOGS].tasks[0].state is TaskState.PENDING
        assert not master.cell.allocs


class TestPasses:
    """What a pass makes of several allocs on one machine."""

    @pytest.mark.parametrize(
        ("constraints", "placed"),
        [
            pytest.param((), 40, id="spread by the policy alone"),
            pytest.param(
                (Limit(attribute=MACHINE, most=3),),
                6,
                id="three on each machine, however many allocs",
            ),
            pytest.param((Spread(),), 40, id="balanced over machines"),
        ],
    )
    def test_a_failure_domain_is_the_machine_and_not_the_alloc(
        self, constraints: tuple[Constraint, ...], placed: int
    ) -> None:
        master = a_cell_with_an_alloc_set(8)
        spec = a_job(replicas=40, alloc="room", constraints=constraints)
        accepted(submit(master, spec))
        plan = schedule_pass(Snapshots(master).take(40), Policy(), 0)
        assert len(plan.placements) == placed
        machines = Counter(line.machine for line in plan.placements)
        assert machines == {"m1": placed // 2, "m2": placed // 2}
        events = master.apply(ApplyPlan(at=40, plan=plan))
        assert all(isinstance(event, TaskScheduled) for event in events)
        master.check()


class TestCrashes:
    """A task that kept crashing on a machine avoids the allocs there."""

    def crashed(self, allocs: int) -> Snapshot:
        """What a pass sees once the task has crashed on m1, in a set of so many allocs."""
        master = a_cell_with_an_alloc_set(allocs)
        accepted(submit(master, a_job(replicas=1, alloc="room")))
        place_within(master, {0: 0})
        (order,) = machine_orders(master.cell, "m1").run or ()
        failed = TaskReport(WEB, 0, order.incarnation, TaskStatus(Phase.FAILED, started_at=40))
        seq = machine_orders(master.cell, "m1").orders_seq
        found = difference(master.cell, MachineReport("m1", seq, "v", (failed,)))
        assert found is not None
        master.apply(Observe(at=41, differences=(found,)))
        return Snapshots(master).take(10**9)

    def test_another_alloc_takes_it(self) -> None:
        plan = schedule_pass(self.crashed(2), Policy(), 0)
        assert plan.placements == (Placement(WEB, 0, "m2"),)
        assert plan.holdings == (Holding(WEB, 0, alloc=1),)

    def test_it_comes_back_where_there_is_no_other(self) -> None:
        plan = schedule_pass(self.crashed(1), Policy(), 0)
        assert plan.placements == (Placement(WEB, 0, "m1"),)


class TestUpdates:
    """An alloc set, or a job in one, asks for something else."""

    def test_an_alloc_becomes_larger_where_it_is(self) -> None:
        master = two_jobs_in_alloc_0()
        accepted(submit(master, an_alloc_set(requirements=LARGE * 2)))
        events = [event for op in due(master.cell, 80) for event in master.apply(op)]
        assert [type(event) for event in events] == [TaskUpdated]
        assert master.cell.jobs[ROOM].tasks[0].phase is Phase.HEALTHY
        assert master.cell.occupancy["m1"].used == LARGE * 2 + Resources(ports=2)
        assert master.cell.jobs[WEB].tasks[0].stopping is None, "the tasks in it do not notice"
        master.check()

    def test_an_alloc_that_shrinks_below_its_tasks_is_placed_anew_and_they_follow(self) -> None:
        master = a_cell_with_an_alloc_set()
        task = a_task_spec(requirements=HALF)
        accepted(submit(master, a_job(task=task, replicas=2, alloc="room")))
        place_within(master, {0: 0, 1: 0})
        accepted(submit(master, an_alloc_set(requirements=HALF)))
        for op in due(master.cell, 80):
            master.apply(op)
        web = master.cell.jobs[WEB].tasks
        small = "the alloc set's new version is too small for the tasks in it"
        assert web[0].reason == f"its alloc alice/room/0 is stopping: {small}"
        all_is_done(master, "m1")
        assert {key: set(waiting) for key, waiting in master.cell.pending.items()} == {
            ROOM: {0},
            WEB: {0, 1},
        }

    @pytest.mark.parametrize(
        ("amount", "event"),
        [
            pytest.param(HALF, TaskUpdated, id="what fits is restarted where it is"),
            pytest.param(LARGE, TaskStopping, id="what does not is placed anew"),
        ],
    )
    def test_a_job_in_an_alloc_is_updated(self, amount: Resources, event: type[Event]) -> None:
        master = two_jobs_in_alloc_0()
        task = a_task_spec(requirements=amount)
        accepted(submit(master, a_job(task=task, replicas=1, alloc="room")))
        events = [e for op in due(master.cell, 80) for e in master.apply(op)]
        assert [type(e) for e in events] == [event]
        master.check()


class TestAdmission:
    """Which jobs may run in which alloc set."""

    def test_a_job_needs_an_alloc_set_that_is_there(self) -> None:
        master = a_borgmaster("m1")
        refusal = submit(master, a_job(alloc="room"))
        assert not isinstance(refusal, Accepted)
        assert refusal.title == "there is no alloc set alice/room"
        accepted(submit(master, an_alloc_set()))
        kill(master, ROOM)
        refusal = submit(master, a_job(alloc="room"))
        assert not isinstance(refusal, Accepted)
        assert refusal.title == "somebody has stopped alloc set alice/room"

    def test_a_job_is_no_alloc_set(self) -> None:
        master = a_borgmaster("m1")
        accepted(submit(master, a_job("room")))
        refusal = submit(master, a_job(alloc="room"))
        assert not isinstance(refusal, Accepted)
        assert refusal.problems[0].message == "alice/room is a job, and no alloc set"
        refusal = submit(master, an_alloc_set())
        assert not isinstance(refusal, Accepted)
        assert refusal.title == "alice/room is a job"

    def test_a_task_must_fit_into_an_empty_alloc(self) -> None:
        master = a_cell_with_an_alloc_set()
        task = a_task_spec(requirements=Resources(cpu=1500, ram=GIB + 64 * MIB, disk=1))
        refusal = submit(master, a_job(task=task, alloc="room"))
        assert not isinstance(refusal, Accepted)
        assert [(p.field, p.got, p.allowed) for p in refusal.problems] == [
            ("requirements.cpu", "1.5 cores", "1 core"),
            ("requirements.ram", "1.1 GiB", "1 GiB"),
        ]

    def test_a_job_does_not_change_its_alloc_set_while_it_runs(self) -> None:
        master = two_jobs_in_alloc_0()
        refusal = submit(master, a_job(replicas=1))
        assert not isinstance(refusal, Accepted)
        assert refusal.title == "alice/web runs in alloc set alice/room"
        kill(master, WEB)
        all_is_done(master, "m1")
        accepted(submit(master, a_job(replicas=1)))

    def test_an_alloc_set_runs_nothing_and_keeps_no_ports(self) -> None:
        master = a_borgmaster("m1")
        asked = an_alloc_set(requirements=LARGE + Resources(ports=2))
        task = msgspec.structs.replace(asked.task, args={"port": "1"})
        refusal = submit(master, msgspec.structs.replace(asked, task=task))
        assert not isinstance(refusal, Accepted)
        assert [problem.field for problem in refusal.problems] == ["kind", "requirements.ports"]

    def test_an_alloc_that_fits_no_machine_is_still_admitted(self) -> None:
        master = a_borgmaster("m1")
        accepted(submit(master, an_alloc_set(requirements=ROOMY * 2 - Resources(ports=2000))))
