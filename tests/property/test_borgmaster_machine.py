"""A Borgmaster under whatever may happen: after every step the cell's invariants hold."""

from hypothesis import HealthCheck as Check
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from borgpy.master.borgmaster import Borgmaster
from borgpy.master.due import due
from borgpy.master.orders import machine_orders
from borgpy.master.reports import difference
from borgpy.master.snapshots import Snapshots
from borgpy.master.story import sentence
from borgpy.master.views import job_view, task_view
from borgpy.master.why import job_why
from borgpy.model import checkpoint
from borgpy.model.events import Event, Faulted
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey, job_key
from borgpy.model.operations import (
    ApplyPlan,
    JoinMachines,
    LoseMachines,
    Observe,
    Operation,
    RemoveMachine,
    SetPolicy,
    SetQuota,
    StopTasks,
    SubmitJob,
)
from borgpy.model.orders import MachineReport, TaskReport
from borgpy.model.overrides import IndexRange, Override
from borgpy.model.plan import Holding, Placement, Plan, Preemption
from borgpy.model.policy import BEST_FIT, Domain, Packing, Part, Policy
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.resources import Resources
from borgpy.model.spec import Restart, TaskSpec
from borgpy.model.task import TaskStatus
from borgpy.scheduling.schedule import schedule_pass
from tests.builders import BOUNDLESS, a_borgmaster, a_job, a_machine, a_task_spec, an_alloc_set

MACHINES = ("m1", "m2", "m3")
SETS = (("alice", "room"), ("bob", "room"))
JOBS = (("alice", "web"), ("alice", "inside"), ("alice", "etl"), ("bob", "web"))
SHAPES = (
    a_task_spec(requirements=Resources(cpu=1000, ram=100)),
    a_task_spec(requirements=Resources(cpu=1000, ram=100), args={"port": "%port%", "v": "2"}),
    a_task_spec(requirements=Resources(cpu=3000, ram=50), restart=Restart.ON_FAILURE),
    a_task_spec(requirements=Resources(cpu=500, ram=900), restart=Restart.NEVER),
)
SIZES = (Resources(cpu=2000, ram=300), Resources(cpu=4000, ram=900), Resources(cpu=1000, ram=100))
ROOM = Resources(cpu=4000, ram=1000, disk=0, ports=8)
TOLD = (
    Phase.STARTING,
    Phase.RUNNING,
    Phase.HEALTHY,
    Phase.UNHEALTHY,
    Phase.BACKING_OFF,
    Phase.STOPPING,
    Phase.FINISHED,
    Phase.FAILED,
)

POLICIES = (
    Policy(),
    BEST_FIT,
    Policy(packing=(Part(Packing.NONE, 100),), spread=(Domain("zone", 100),), sample=2),
    Policy(packing=(Part(Packing.HYBRID, 99),)),
)
"""The last of them cannot be used."""

jobs = st.sampled_from(JOBS)
sets = st.sampled_from(SETS)
machines = st.sampled_from(MACHINES)


class CellUnderFire(RuleBasedStateMachine):
    """Borglets here are as unreliable as real ones: they see old orders, and report what they please."""

    @initialize()
    def found(self) -> None:
        self.master: Borgmaster = a_borgmaster()
        self.snapshots = Snapshots(self.master)
        self.at = 100
        self.seats: dict[str, dict[tuple[JobKey, int], TaskReport]] = {m: {} for m in MACHINES}
        self.held: dict[str, int] = dict.fromkeys(MACHINES, 0)
        self.requests = 0
        for name in MACHINES:
            self.a_machine_joins(name, 4000)

    def _apply(self, operation: Operation) -> list[Event]:
        events = self.master.apply(operation)
        assert not any(isinstance(event, Faulted) for event in events), events
        for event in events:
            assert sentence(event)
        return events

    @rule(milliseconds=st.sampled_from([1, 1000, 60_000, 3_600_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.at += milliseconds
        for operation in due(self.master.cell, self.at):
            self._apply(operation)

    @rule(name=machines, cpu=st.sampled_from([4000, 2000]))
    def a_machine_joins(self, name: str, cpu: int) -> None:
        spec = a_machine(name, capacity=Resources(cpu, ROOM.ram, ROOM.disk, ROOM.ports))
        self._apply(JoinMachines(at=self.at, by="borglets", machines=(spec,)))

    @rule(name=machines)
    def a_machine_falls_silent(self, name: str) -> None:
        self._apply(LoseMachines(at=self.at, machines=(name,), reason="silence"))

    @rule(name=machines)
    def a_machine_leaves(self, name: str) -> None:
        self._apply(RemoveMachine(at=self.at, by="root", machine=name))

    @rule(
        job=jobs,
        replicas=st.integers(1, 6),
        shape=st.sampled_from(SHAPES),
        priority=st.sampled_from([0, 100, 200]),
        batch=st.integers(0, 3),
        overridden=st.lists(st.integers(0, 5), max_size=3),
        if_version=st.sampled_from([None, None, 0, 1]),
        alloc=st.sampled_from(["", "room"]),
    )
    def a_job_is_submitted(  # type: ignore[no-untyped-def]
        self, job, replicas, shape, priority, batch, overridden, if_version, alloc
    ) -> None:
        overrides = tuple(
            Override((IndexRange(index % replicas, replicas - 1),), args={"n": str(index)})
            for index in overridden
        )
        spec = a_job(
            job[1],
            user=job[0],
            replicas=replicas,
            task=shape,
            priority=priority,
            batch=batch,
            overrides=overrides,
            alloc=alloc,
        )
        self.requests += 1
        operation = SubmitJob(
            at=self.at, by=job[0], request_id=f"r{self.requests}", spec=spec, if_version=if_version
        )
        self._apply(operation)
        before = checkpoint.encode(self.master.cell)
        again = self._apply(operation)
        assert len(again) == 1, "a repeated request only gets its answer again"
        after = checkpoint.decode(checkpoint.encode(self.master.cell))
        assert after.jobs == checkpoint.decode(before).jobs

    @rule(
        key=sets | jobs,
        replicas=st.integers(1, 4),
        size=st.sampled_from(SIZES),
        priority=st.sampled_from([0, 100]),
    )
    def an_alloc_set_is_submitted(
        self, key: tuple[str, str], replicas: int, size: Resources, priority: int
    ) -> None:
        spec = an_alloc_set(
            key[1], user=key[0], replicas=replicas, requirements=size, priority=priority
        )
        self._apply(SubmitJob(at=self.at, by=key[0], spec=spec))

    @rule(size=st.sampled_from(SIZES), shape=st.sampled_from(SHAPES), replicas=st.integers(1, 5))
    def a_job_moves_into_an_alloc_set(
        self, size: Resources, shape: TaskSpec, replicas: int
    ) -> None:
        """What the other rules together would come to only rarely."""
        self.an_alloc_set_is_submitted(SETS[0], 3, size, 100)
        spec = a_job("inside", replicas=replicas, task=shape, alloc="room")
        self._apply(SubmitJob(at=self.at, by="alice", spec=spec))
        for _ in range(2):
            self.a_good_round(Phase.HEALTHY, 0)

    @rule(
        job=sets | jobs,
        indexes=st.none() | st.sets(st.integers(0, 5), min_size=1),
        purge=st.booleans(),
    )
    def tasks_are_killed(self, job: tuple[str, str], indexes: set[int] | None, purge: bool) -> None:
        chosen = None if indexes is None else tuple(indexes)
        self._apply(
            StopTasks(at=self.at, by="root", job=job_key(*job), indexes=chosen, purge=purge)
        )

    @rule(job=jobs, amount=st.sampled_from([BOUNDLESS, Resources(cpu=2000, ram=1000, ports=9)]))
    def quota_changes(self, job: tuple[str, str], amount: Resources) -> None:
        self._apply(SetQuota(at=self.at, by="root", quota=Quota(job[0], Band.BATCH, amount)))

    @rule(policy=st.sampled_from(POLICIES), if_version=st.sampled_from([None, None, 0, 1]))
    def the_policy_changes(self, policy: Policy, if_version: int | None) -> None:
        before = self.master.cell.policy, self.master.cell.policy_version
        self._apply(SetPolicy(at=self.at, by="root", policy=policy, if_version=if_version))
        taken = self.master.cell.policy, self.master.cell.policy_version
        refused = policy == POLICIES[-1] or if_version not in (None, before[1])
        assert taken == (before if refused or policy == before[0] else (policy, before[1] + 1))

    @rule(seed=st.integers(0, 3))
    def a_pass_runs(self, seed: int) -> None:
        plan = schedule_pass(self.snapshots.take(self.at), self.master.cell.policy, seed)
        events = self._apply(ApplyPlan(at=self.at, plan=plan))
        assert len(events) == len(plan.placements), "a fresh plan holds to the last line"

    @rule(job=sets | jobs, index=st.integers(0, 5), name=machines, alloc=st.integers(-1, 4))
    def a_stale_plan_arrives(self, job: tuple[str, str], index: int, name: str, alloc: int) -> None:
        line = Placement(job_key(*job), index, name)
        held = Holding(job_key(*job), index, alloc=alloc)
        self._apply(ApplyPlan(at=self.at, plan=Plan(0, 0, (line, line), holdings=(held,))))

    @rule(job=sets | jobs, index=st.integers(0, 5), winner=jobs)
    def a_task_is_preempted(
        self, job: tuple[str, str], index: int, winner: tuple[str, str]
    ) -> None:
        line = Preemption(job_key(*job), index, job_key(*winner), 0)
        self._apply(ApplyPlan(at=self.at, plan=Plan(0, 0, preemptions=(line,))))

    @rule(name=machines)
    def a_borglet_takes_its_orders(self, name: str) -> None:
        if name not in self.master.cell.machines:
            return
        orders = machine_orders(self.master.cell, name)
        seat = self.seats[name]
        run = {(o.job, o.index): o for o in orders.run or ()}
        for key in [k for k, told in seat.items() if k not in run]:
            del seat[key]
        for key, order in run.items():
            if key not in seat or seat[key].incarnation != order.incarnation:
                status = TaskStatus(Phase.STARTING)
                seat[key] = TaskReport(order.job, order.index, order.incarnation, status)
        self.held[name] = orders.orders_seq

    @rule(name=machines, phase=st.sampled_from(TOLD), pick=st.integers(0, 20))
    def something_happens_to_a_task(self, name: str, phase: Phase, pick: int) -> None:
        seat = self.seats[name]
        if seat:
            told = seat[sorted(seat)[pick % len(seat)]]
            status = TaskStatus(phase, pid=7, ports={"port": 20000}, started_at=self.at)
            seat[told.job, told.index] = TaskReport(told.job, told.index, told.incarnation, status)

    @rule(name=machines)
    def a_borglet_reports(self, name: str) -> None:
        tasks = tuple(self.seats[name][key] for key in sorted(self.seats[name]))
        report = MachineReport(name, self.held[name], "v", tasks)
        found = difference(self.master.cell, report)
        if found is not None:
            self._apply(Observe(at=self.at, differences=(found,)))

    @rule(phase=st.sampled_from(TOLD), pick=st.integers(0, 20))
    def a_good_round(self, phase: Phase, pick: int) -> None:
        """What happens most of the time: a pass, and every Borglet takes its orders and reports."""
        self.a_pass_runs(0)
        for name in MACHINES:
            self.a_borglet_takes_its_orders(name)
            self.something_happens_to_a_task(name, phase, pick)
            self.a_borglet_reports(name)

    @rule()
    def the_columns_are_looked_at(self) -> None:
        """Those of machines and allocs that were kept are those that are made anew."""
        kept = self.snapshots.facts(self.at)
        assert kept == Snapshots(self.master).facts(self.at)

    @rule()
    def the_master_restarts(self) -> None:
        """A checkpoint gives back the very same cell, and equal states are equal bytes."""
        blob = checkpoint.encode(self.master.cell)
        restored = checkpoint.decode(blob)
        restored.check()
        assert checkpoint.encode(restored) == blob
        self.master = Borgmaster(restored)
        self.snapshots = Snapshots(self.master)

    @invariant()
    def everything_can_be_looked_at(self) -> None:
        cell = self.master.cell
        for key, job in cell.jobs.items():
            view = job_view(cell, key)
            assert view.healthy <= view.running <= len(job.tasks)
            for task in job.tasks.values():
                task_view(cell, key, task)
        for key in list(cell.jobs)[:1]:
            for why in job_why(cell, self.snapshots.take(self.at), key, self.at):
                assert why.sentences

    @invariant()
    def allocs_are_never_on_orders(self) -> None:
        cell = self.master.cell
        for name in cell.machines:
            for order in machine_orders(cell, name).run or ():
                assert not cell.jobs[order.job].spec.is_alloc_set

    @invariant()
    def the_cell_is_sound(self) -> None:
        self.master.check()


CellUnderFire.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=[Check.too_slow, Check.data_too_large],
)
TestCellUnderFire = CellUnderFire.TestCase
