"""Whatever happens to a cell, what the scheduler is told of it is what a look at everything would tell."""

import msgspec
from hypothesis import HealthCheck as Check
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from borgpy.master.borgmaster import Borgmaster
from borgpy.master.due import due
from borgpy.master.snapshots import Snapshots, machine_facts
from borgpy.model import checkpoint
from borgpy.model import constraints as c
from borgpy.model.cell import tenancy_of
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.events import Faulted, TaskScheduled
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey, job_key
from borgpy.model.operations import (
    ApplyPlan,
    JoinMachines,
    LoseMachines,
    MachineDifference,
    Observe,
    Operation,
    RemoveMachine,
    StatusChange,
    StopTasks,
    SubmitJob,
)
from borgpy.model.plan import Holding, Placement, Plan
from borgpy.model.policy import Policy
from borgpy.model.priority import is_production
from borgpy.model.resource_sets import SetOffer, SetRequest
from borgpy.model.resources import Resources
from borgpy.model.spec import Package, Restart
from borgpy.model.task import TaskStatus
from borgpy.scheduling.schedule import schedule_pass
from tests.builders import a_borgmaster, a_job, a_machine, a_task_spec, an_alloc_set
from tests.unit.scheduling.seen import seen

NAMES = ("m1", "m2", "m3")
SMALL = Resources(cpu=500, ram=100)
SPECS = (
    a_task_spec(requirements=SMALL),
    a_task_spec(requirements=SMALL, restart=Restart.NEVER, packages=(Package("d", "cd" * 32, 9),)),
    a_task_spec(requirements=SMALL, fixed_ports={"port": 80}),
    a_task_spec(requirements=SMALL, devices=(DeviceRequest(),)),
    a_task_spec(requirements=SMALL, devices=(DeviceRequest(1, 400, models=("A100",)),)),
    a_task_spec(requirements=SMALL, sets=(SetRequest("eni", "sg-1", 2),)),
    a_task_spec(requirements=SMALL, sets=(SetRequest("eni", "sg-2"),), fixed_ports={"port": 81}),
)
RULES: tuple[tuple[c.Constraint, ...], ...] = (
    (),
    (),
    (c.Exclusive(),),
    (c.Exclusive(weight=9), c.Limit(attribute="rack", most=2)),
    (c.Away(job="db", attribute="rack"), c.Away(job="bob/web", weight=3)),
    (c.Compare(attribute="rack", operator=c.Operator.EQUAL, values=("r1",)),),
    (c.Dedicated(pool="*/cache"),),
)
ATTRIBUTES: tuple[dict[str, str], ...] = ({}, {"rack": "r1"}, {"dedicated": "*/cache"})
DEVICES: tuple[tuple[DeviceOffer, ...], ...] = (
    (),
    (DeviceOffer(2, model="A100"),),
    (DeviceOffer(1, model="T4"), DeviceOffer(3, "tpu")),
)
SETS: tuple[tuple[SetOffer, ...], ...] = ((), (), (SetOffer("eni", 2, 3),))

names = st.sampled_from(NAMES)
keys = st.sampled_from([("alice", "web"), ("alice", "db"), ("bob", "web"), ("alice", "room")])


class FactsUnderFire(RuleBasedStateMachine):
    """Some plans are made up: what does not hold is turned down, and all that holds shows in the facts. Others come from
    the scheduler, and hold to the last line.
    """

    @initialize()
    def found(self) -> None:
        self.master: Borgmaster = a_borgmaster(*NAMES)
        self.snapshots = Snapshots(self.master)
        self.at = 100

    def _apply(self, operation: Operation) -> None:
        events = self.master.apply(operation)
        assert not any(isinstance(event, Faulted) for event in events), events

    @rule(
        name=names,
        attributes=st.sampled_from(ATTRIBUTES),
        devices=st.sampled_from(DEVICES),
        sets=st.sampled_from(SETS),
    )
    def a_machine_is_described(  # type: ignore[no-untyped-def]
        self, name, attributes, devices, sets
    ) -> None:
        spec = a_machine(name, attributes=attributes, devices=devices, sets=sets)
        self._apply(JoinMachines(at=self.at, by="borglets", machines=(spec,)))

    @rule(name=names, gone=st.booleans())
    def a_machine_falls_silent(self, name: str, gone: bool) -> None:
        self._apply(LoseMachines(at=self.at, machines=(name,), reason="silence"))
        if gone:
            self._apply(RemoveMachine(at=self.at, by="root", machine=name))
        elif name in self.master.cell.machines:
            back = MachineDifference(name, answers=True)
            self._apply(Observe(at=self.at, differences=(back,)))

    @rule(
        job=keys,
        task=st.sampled_from(SPECS),
        rules=st.sampled_from(RULES),
        replicas=st.integers(1, 4),
        priority=st.sampled_from([0, 200]),
        runtime_ms=st.sampled_from([0, 500, 9000]),
        alloc=st.sampled_from(["", "", "", "room"]),
        after=st.sampled_from([(), (), (), ("db",)]),
    )
    def a_job_is_submitted(  # type: ignore[no-untyped-def]
        self, job, task, rules, replicas, priority, runtime_ms, alloc, after
    ) -> None:
        spec = a_job(
            job[1],
            user=job[0],
            replicas=replicas,
            priority=priority,
            task=task,
            constraints=rules,
            runtime_ms=runtime_ms,
            alloc=alloc,
            after=after,
        )
        self._apply(SubmitJob(at=self.at, by=job[0], spec=spec))

    @rule(rules=st.sampled_from(RULES), replicas=st.integers(1, 2))
    def an_alloc_set_is_submitted(self, rules: tuple[c.Constraint, ...], replicas: int) -> None:
        spec = msgspec.structs.replace(an_alloc_set(replicas=replicas), constraints=rules)
        self._apply(SubmitJob(at=self.at, by="alice", spec=spec))

    @rule(job=keys, purge=st.booleans())
    def a_job_is_stopped(self, job: tuple[str, str], purge: bool) -> None:
        self._apply(StopTasks(at=self.at, by="root", job=job_key(*job), purge=purge))

    @rule(seed=st.integers(0, 3))
    def a_pass_runs(self, seed: int) -> None:
        plan = schedule_pass(self.snapshots.take(self.at), Policy(), seed)
        events = self.master.apply(ApplyPlan(at=self.at, plan=plan))
        assert all(isinstance(event, TaskScheduled) for event in events), events
        assert len(events) == len(plan.placements)

    @rule(machine=names, numbers=st.permutations(range(3)), number=st.integers(0, 1))
    def a_plan_arrives(self, machine: str, numbers: list[int], number: int) -> None:
        """Every pending task goes to one machine, with devices and sets that may be anybody's."""
        cell = self.master.cell
        lines: list[Placement] = []
        holdings: list[Holding] = []
        for key, indexes in cell.pending.items():
            for index in indexes:
                lines.append(Placement(key, index, machine))
                held = self._held(key, index, machine, numbers, number)
                if held.devices or held.sets:
                    holdings.append(held)
        plan = Plan(cell.seq, 0, tuple(lines), holdings=tuple(holdings))
        self._apply(ApplyPlan(at=self.at, plan=plan))

    def _held(
        self, key: JobKey, index: int, machine: str, numbers: list[int], number: int
    ) -> Holding:
        asked = self.master.cell.jobs[key].spec.task.devices
        known = self.master.cell.machines.get(machine)
        offered = known.spec if known else MachineSpec(machine, "", SMALL)
        return Holding(
            key,
            index,
            devices={device.kind: tuple(numbers[: device.count]) for device in asked},
            sets={offer.name: (number + index) % 2 for offer in offered.sets},
        )

    @rule(job=keys, index=st.integers(0, 3), phase=st.sampled_from([Phase.HEALTHY, Phase.FAILED]))
    def a_task_is_told_of(self, job: tuple[str, str], index: int, phase: Phase) -> None:
        self._tell(job_key(*job), index, TaskStatus(phase, started_at=self.at))

    @rule(job=keys, index=st.integers(0, 3))
    def a_task_is_gone(self, job: tuple[str, str], index: int) -> None:
        self._tell(job_key(*job), index, None)

    def _tell(self, key: JobKey, index: int, status: TaskStatus | None) -> None:
        job = self.master.cell.jobs.get(key)
        task = job.tasks.get(index) if job else None
        if task is not None and task.state is TaskState.RUNNING:
            change = StatusChange(key, index, task.incarnation, status)
            difference = MachineDifference(task.machine, (change,))
            self._apply(Observe(at=self.at, differences=(difference,)))

    @rule(milliseconds=st.sampled_from([1, 60_000, 3_600_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.at += milliseconds
        for operation in due(self.master.cell, self.at):
            self._apply(operation)

    @invariant()
    def what_is_kept_is_what_a_look_at_everything_tells(self) -> None:
        self.master.check()
        restored = checkpoint.decode(checkpoint.encode(self.master.cell))
        restored.check()
        anew = Snapshots(Borgmaster(restored))
        assert self.snapshots.facts(self.at) == anew.facts(self.at)
        assert seen(self.snapshots.take(self.at)) == seen(anew.take(self.at))

    @invariant()
    def what_a_machine_holds_is_the_sum_over_its_tasks(self) -> None:
        cell = self.master.cell
        for name, room in cell.occupancy.items():
            facts = machine_facts(cell, name)
            tasks = [
                (cell.jobs[key], index, room.charges[key, index]) for key, index in room.charges
            ]
            assert sum(facts.tasks.values()) == len(tasks)
            assert facts.production_cpu == sum(
                taken.cpu for job, _, taken in tasks if is_production(job.spec.priority)
            )
            assert facts.ends_at == max(
                (job.held[index].ends_at for job, index, _ in tasks if index in job.held), default=0
            )
            assert set(facts.packages) == {
                digest
                for job, index, _ in tasks
                for digest in job.specs[job.tasks[index].spec].files()
            }

    @invariant()
    def nothing_is_held_twice(self) -> None:
        cell = self.master.cell
        for name, machine in cell.machines.items():
            tenancy = tenancy_of(cell, name)
            for free in tenancy.devices.values():
                assert all(0 <= left <= 1000 for left in free)
            for offer in machine.spec.sets:
                assert len(tenancy.sets[offer.name]) == offer.count
                assert all(state.used <= offer.slots for state in tenancy.sets[offer.name])


FactsUnderFire.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[Check.too_slow, Check.data_too_large],
)
TestFactsUnderFire = FactsUnderFire.TestCase
