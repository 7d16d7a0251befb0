"""Records the journal that every later release must fold to the same state: ``python -m tests.recorded.record NAME``.

A release adds a recording when entries can say more than before, or do something else (with the rules). An old recording is never written
anew: that its hash still comes out is the proof that old journals fold for ever.
"""

import sys
from collections.abc import Callable, Mapping

import msgspec

from borgpy.master.borgmaster import Borgmaster
from borgpy.master.due import due
from borgpy.master.orders import machine_orders
from borgpy.master.reports import difference
from borgpy.master.snapshots import Snapshots
from borgpy.model import checkpoint
from borgpy.model import operations as o
from borgpy.model.cell import Cell
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.orders import MachineReport, TaskReport
from borgpy.model.plan import Placement, Plan, Preemption
from borgpy.model.policy import BEST_FIT, Domain, Policy
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.resources import Resources
from borgpy.model.spec import HealthCheck, Restart
from borgpy.model.task import TaskStatus
from borgpy.scheduling.schedule import schedule_pass
from tests.builders import BOUNDLESS, a_job, a_machine, a_task_spec, an_alloc_set
from tests.recorded.fold import FOLDER, Recording, state_of

WEB, ETL, TOP = JobKey("alice/web"), JobKey("bob/etl"), JobKey("alice/top")


class Recorder:
    """A Borgmaster whose every operation is written down."""

    def __init__(self) -> None:
        self.master = Borgmaster(Cell("ic"))
        self.snapshots = Snapshots(self.master)
        self.entries: list[bytes] = []
        self.at = 1_700_000_000_000

    def apply(self, operation: o.Operation) -> None:
        self.at += 1000
        operation = msgspec.structs.replace(operation, at=self.at)
        self.entries.append(msgspec.msgpack.encode(operation))
        self.master.apply(operation)

    def schedule(self) -> None:
        self.apply(o.ApplyPlan(at=0, plan=schedule_pass(self.snapshots.take(self.at), Policy(), 7)))

    def report(self, machine: str, phase: Phase) -> None:
        """The machine has taken its orders, and everything on it is in this phase."""
        orders = machine_orders(self.master.cell, machine)
        status = TaskStatus(phase, pid=4711, ports={"port": 20001}, started_at=self.at)
        tasks = tuple(TaskReport(r.job, r.index, r.incarnation, status) for r in orders.run or ())
        found = difference(self.master.cell, MachineReport(machine, orders.orders_seq, "v", tasks))
        if found is not None:
            self.apply(o.Observe(at=0, differences=(found,)))

    def pass_time(self, milliseconds: int) -> None:
        self.at += milliseconds
        for operation in due(self.master.cell, self.at):
            self.apply(operation)


def the_story() -> Recorder:
    """A cell in which everything happens once."""
    told = Recorder()
    told.apply(o.LeaderElected(at=0, cell="ic", epoch=1, holder="here:1:1"))
    told.apply(o.RulesChanged(at=0, rules=1))
    room = Resources(cpu=1000, ram=1 << 30, disk=1 << 34, ports=10, extra={"gpu_millis": 2000})
    machines = tuple(a_machine(f"m{n}", capacity=room) for n in range(4))
    told.apply(o.JoinMachines(at=0, by="borglets", machines=machines))
    for user in ("alice", "bob"):
        for band in (Band.BATCH, Band.PRODUCTION):
            told.apply(o.SetQuota(at=0, by="root", quota=Quota(user, band, BOUNDLESS)))
    web = a_job(replicas=6, batch=2, task=a_task_spec(health=HealthCheck()))
    told.apply(o.SubmitJob(at=0, by="alice", request_id="alice:1", spec=web))
    told.apply(o.SubmitJob(at=0, by="alice", request_id="alice:1", spec=web))
    etl = a_task_spec(requirements=Resources(cpu=300, ram=1 << 28), restart=Restart.NEVER)
    told.apply(o.SubmitJob(at=0, by="bob", spec=a_job("etl", user="bob", replicas=5, task=etl)))
    told.apply(o.SubmitJob(at=0, by="bob", spec=a_job("bad", user="bob", replicas=0)))
    told.schedule()
    for phase in (Phase.STARTING, Phase.RUNNING, Phase.HEALTHY):
        for number in range(4):
            told.report(f"m{number}", phase)
    changed = a_job(replicas=7, batch=2, task=a_task_spec(args={"port": "%port%", "v": "2"}))
    told.apply(o.SubmitJob(at=0, by="alice", spec=changed))
    for _ in range(6):
        told.pass_time(1000)
        told.schedule()
        for number in range(4):
            told.report(f"m{number}", Phase.HEALTHY)
    told.apply(o.SubmitJob(at=0, by="alice", spec=a_job("top", replicas=1, priority=200)))
    told.apply(o.ApplyPlan(at=0, plan=Plan(0, 0, preemptions=(Preemption(ETL, 0, TOP, 0),))))
    stale = Plan(0, 0, (Placement(WEB, 0, "m0"),))
    told.apply(o.ApplyPlan(at=0, plan=stale))
    told.apply(o.LoseMachines(at=0, machines=("m0",), reason="silence"))
    told.schedule()
    told.report("m0", Phase.HEALTHY)
    told.report("m1", Phase.FAILED)
    told.report("m2", Phase.FINISHED)
    told.apply(o.StopTasks(at=0, by="alice", job=WEB, indexes=(0, 5)))
    told.apply(o.StopTasks(at=0, by="bob", job=ETL, purge=True))
    for number in range(4):
        told.report(f"m{number}", Phase.HEALTHY)
    told.pass_time(7_200_000)
    told.apply(o.LoseMachines(at=0, machines=("m3",), reason="silence"))
    told.apply(o.RemoveMachine(at=0, by="root", machine="m3"))
    told.apply(o.LeaderElected(at=0, cell="ic", epoch=2, holder="there:2:2"))
    return told


def the_story_of_policies() -> Recorder:
    """Policies are set, changed and refused."""
    told = Recorder()
    told.apply(o.LeaderElected(at=0, cell="ic", epoch=1, holder="here:1:1"))
    told.apply(o.RulesChanged(at=0, rules=1))
    whole = Policy(spread=(Domain("rack", 100),), plugins=("gold",), sample=500, good_enough=10)
    for policy, if_version in ((BEST_FIT, 0), (whole, None), (BEST_FIT, 1), (Policy(soft=-1), 2)):
        told.apply(o.SetPolicy(at=0, by="root", policy=policy, if_version=if_version))
    return told


def the_story_of_allocs() -> Recorder:
    """Alloc sets are placed and filled, grow, shrink, are killed, lost and stopped, and tasks follow."""
    told = Recorder()
    told.apply(o.LeaderElected(at=0, cell="ic", epoch=1, holder="here:1:1"))
    told.apply(o.RulesChanged(at=0, rules=1))
    room = Resources(cpu=4000, ram=1 << 33, disk=1 << 34, ports=10)
    machines = tuple(a_machine(f"m{n}", capacity=room) for n in range(3))
    told.apply(o.JoinMachines(at=0, by="borglets", machines=machines))
    told.apply(o.SetQuota(at=0, by="root", quota=Quota("alice", Band.BATCH, BOUNDLESS)))
    inside = a_job(replicas=4, alloc="room")
    told.apply(o.SubmitJob(at=0, by="alice", spec=inside))  # refused: the set is not there
    told.apply(o.SubmitJob(at=0, by="alice", spec=an_alloc_set(replicas=3)))
    told.apply(o.SubmitJob(at=0, by="alice", spec=inside))
    told.apply(o.SubmitJob(at=0, by="alice", spec=a_job("logs", replicas=2, alloc="room")))

    def a_round() -> None:
        told.pass_time(1000)
        told.schedule()
        told.schedule()
        for machine in machines:
            told.report(machine.name, Phase.HEALTHY)

    a_round()
    set_of_allocs = JobKey("alice/room")
    told.apply(o.StopTasks(at=0, by="alice", job=set_of_allocs, indexes=(0,)))
    a_round()
    larger = an_alloc_set(replicas=3, requirements=Resources(cpu=3500, ram=1 << 31, disk=1 << 31))
    told.apply(o.SubmitJob(at=0, by="alice", spec=larger))
    for _ in range(3):
        a_round()
    told.apply(o.LoseMachines(at=0, machines=("m1",), reason="silence"))
    a_round()
    smaller = an_alloc_set(requirements=Resources(cpu=150, ram=1 << 28, disk=1 << 28))
    told.apply(o.SubmitJob(at=0, by="alice", spec=smaller))
    for _ in range(3):
        a_round()
    told.apply(o.StopTasks(at=0, by="alice", job=set_of_allocs, purge=True))
    a_round()
    return told


def the_story_of_a_lost_machine() -> Recorder:
    """By rules 2 its tasks are told in the order of their keys, whatever order they came in."""
    told = Recorder()
    told.apply(o.LeaderElected(at=0, cell="ic", epoch=1, holder="here:1:1"))
    told.apply(o.RulesChanged(at=0, rules=2))
    told.apply(o.JoinMachines(at=0, by="borglets", machines=(a_machine("m0"),)))
    for name in ("web", "etl", "top"):
        told.apply(o.SubmitJob(at=0, by="alice", spec=a_job(name, replicas=2, priority=0)))
        told.schedule()
    told.apply(o.LoseMachines(at=0, machines=("m0",), reason="silence"))
    return told


STORIES: Mapping[str, Callable[[], Recorder]] = {
    "rules-1": the_story,
    "rules-1-policies": the_story_of_policies,
    "rules-1-allocs": the_story_of_allocs,
    "rules-2": the_story_of_a_lost_machine,
}


def main(name: str) -> None:
    told = STORIES[name]()
    told.master.check()
    blob = checkpoint.encode(told.master.cell)
    recording = Recording(tuple(told.entries), *state_of(blob))
    with (FOLDER / f"{name}.journal").open("xb") as file:
        file.write(msgspec.msgpack.encode(recording))


if __name__ == "__main__":
    main(sys.argv[1])
