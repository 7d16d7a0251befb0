"""The state of a cell: everything the journal adds up to, and the indexes that follow from it."""

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from borgpy.model.constraints import Away
from borgpy.model.lifecycle import PHASE_STATE, TaskState
from borgpy.model.machine import Machine, Occupancy
from borgpy.model.names import JobKey, task_key
from borgpy.model.overrides import Variant, digest_at
from borgpy.model.policy import Policy
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.refusal import Outcome
from borgpy.model.resources import Resources, total
from borgpy.model.spec import JobSpec, TaskSpec
from borgpy.model.task import Task
from borgpy.model.tenancy import NOTHING_HELD, Held, Tenancy


class Job(msgspec.Struct, omit_defaults=True):
    """A job as the cell keeps it. Only `borgpy.master.evolve` changes it.

    ``digest`` names the task spec that its tasks should run, except those in ``variants``; ``specs`` holds these and
    every other that a task still runs. ``tasks`` are by index, dead ones included until they are forgotten. ``changed_seq`` is the journal
    sequence of the last change to the job or any of its tasks. ``within`` tells of each running task, by index, in which
    alloc of its job's alloc set it is, ``held`` of some of them what they hold of their machines besides amounts.
    ``rules_seq`` is the journal sequence of the last change to the job's constraints (0: it never had any).
    """

    spec: JobSpec
    digest: str
    version: int
    by: str
    submitted_at: int
    changed_seq: int = 0
    stopped: bool = False
    purge: bool = False
    specs: dict[str, TaskSpec] = {}
    tasks: dict[int, Task] = {}
    variants: tuple[Variant, ...] = ()
    within: dict[int, int] = {}
    held: dict[int, Held] = {}
    rules_seq: int = 0

    def wanted(self, index: int) -> str:
        """The digest of the task spec that the task of this index should run."""
        return digest_at(self.variants, index, self.digest) if self.variants else self.digest

    def alloc_of(self, index: int) -> str:
        """The alloc in which the task of this index runs, as ``USER/SET/3``; empty if it is in none."""
        alloc = self.within.get(index)
        return "" if alloc is None else task_key(self.spec.alloc_key, alloc)

    def wants(self) -> frozenset[str]:
        """The digests of all task specs that some task should run."""
        return frozenset((self.digest, *(variant.digest for variant in self.variants)))


class Answer(msgspec.Struct, frozen=True):
    """The outcome of a request, kept so that its repetition gets the same one."""

    at: int
    fingerprint: str
    outcome: Outcome


class CellView(Protocol):
    """A cell to look at: what decides reads this and changes nothing."""

    @property
    def name(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def rules(self) -> int: ...
    @property
    def leader(self) -> str: ...
    @property
    def chain(self) -> str: ...
    @property
    def jobs(self) -> Mapping[JobKey, Job]: ...
    @property
    def machines(self) -> Mapping[str, Machine]: ...
    @property
    def occupancy(self) -> Mapping[str, Occupancy]: ...
    @property
    def allocs(self) -> Mapping[JobKey, Mapping[int, Occupancy]]: ...
    @property
    def quotas(self) -> Mapping[tuple[str, Band], Quota]: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def policy_version(self) -> int: ...
    @property
    def answers(self) -> Mapping[str, Answer]: ...
    @property
    def pending(self) -> Mapping[JobKey, Mapping[int, None]]: ...
    @property
    def updating(self) -> Mapping[JobKey, None]: ...
    @property
    def dead(self) -> Mapping[tuple[JobKey, int], None]: ...
    @property
    def shunning(self) -> Mapping[JobKey, int]: ...
    @property
    def reserved(self) -> Mapping[str, int]: ...
    @property
    def choosy(self) -> Mapping[str, None]: ...


class Cell:
    """The state of a cell at journal sequence ``seq``.

    ``policy_version`` counts how often ``policy`` was changed; 0 is the policy that every cell begins with.

    Derived, hence not in checkpoints: ``occupancy`` by machine, ``allocs``: what is taken of each placed alloc by set and
    index, ``pending`` tasks by job, jobs that are ``updating``
    (they have tasks that run an older spec), ``dead`` tasks in the order in which they died, how many tasks run of the
    jobs that are ``shunning`` others, and on the machines that are ``reserved`` by tasks that want no neighbours,
    machines that are ``choosy`` by themselves, ``unsettled`` jobs (empty between operations), and ``touched``, the machines that changed since somebody emptied the
    set.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.seq = 0
        self.at = 0
        self.epoch = 0
        self.rules = 1
        self.leader = ""
        self.chain = ""
        self.jobs: dict[JobKey, Job] = {}
        self.machines: dict[str, Machine] = {}
        self.quotas: dict[tuple[str, Band], Quota] = {}
        self.policy = Policy()
        self.policy_version = 0
        self.answers: dict[str, Answer] = {}
        self.occupancy: dict[str, Occupancy] = {}
        self.allocs: dict[JobKey, dict[int, Occupancy]] = {}
        self.pending: dict[JobKey, dict[int, None]] = {}
        self.updating: dict[JobKey, None] = {}
        self.dead: dict[tuple[JobKey, int], None] = {}
        self.shunning: dict[JobKey, int] = {}
        self.reserved: dict[str, int] = {}
        self.choosy: dict[str, None] = {}
        self.unsettled: dict[JobKey, None] = {}
        self.touched: set[str] = set()

    def check(self) -> None:
        """Assert every invariant: what must hold between any two operations, whatever happened."""
        assert self.occupancy.keys() == self.machines.keys()
        for key, job in self.jobs.items():
            assert key == job.spec.key
            assert job.digest == job.spec.task.digest()
            assert job.variants == tuple(variant for variant, _ in job.spec.variants())
            _check_tasks(self, key, job)
        for name, room in self.occupancy.items():
            charged = total(room.charges.values())
            assert charged.by_name() == room.used.by_name(), f"{name}: {charged}"
            tenancy_of(self, name).check()
            for job_key, index in room.charges:
                task = self.jobs[job_key].tasks[index]
                assert task.state is TaskState.RUNNING, f"{job_key}/{index} is charged, not running"
                assert task.machine == name
        _check_allocs(self)
        assert not self.unsettled
        derived = derive(self)
        assert derived.pending == {k: set(v) for k, v in self.pending.items()}
        assert derived.updating == set(self.updating)
        assert derived.dead == set(self.dead)
        assert derived.shunning == self.shunning
        assert derived.reserved == self.reserved
        assert set(self.choosy) == {n for n, m in self.machines.items() if m.spec.is_choosy()}


class Derived(msgspec.Struct):
    """The indexes that follow from jobs and tasks."""

    pending: dict[JobKey, set[int]] = {}
    updating: set[JobKey] = set()
    dead: set[tuple[JobKey, int]] = set()
    shunning: dict[JobKey, int] = {}
    reserved: dict[str, int] = {}


def derive(cell: CellView) -> Derived:
    """The indexes as they must be, from the tasks alone."""
    derived = Derived({}, set(), set(), {}, {})
    for key, job in cell.jobs.items():
        running = [task for task in job.tasks.values() if task.state is TaskState.RUNNING]
        if running and is_shunning(job.spec):
            derived.shunning[key] = len(running)
        for task in running if job.spec.reserves_machines() else ():
            derived.reserved[task.machine] = derived.reserved.get(task.machine, 0) + 1
        for index, task in job.tasks.items():
            if task.state is TaskState.PENDING:
                derived.pending.setdefault(key, set()).add(index)
            elif task.state is TaskState.DEAD:
                derived.dead.add((key, index))
            if is_outdated(job, task):
                derived.updating.add(key)
    return derived


def is_outdated(job: Job, task: Task) -> bool:
    """Whether a running task should be replaced because its job asks for another spec now."""
    return (
        task.state is TaskState.RUNNING
        and task.stopping is None
        and task.spec != job.wanted(task.index)
        and not job.stopped
    )


def is_shunning(spec: JobSpec) -> bool:
    """Whether the tasks of a job keep those of others away."""
    return any(isinstance(rule, Away) and not rule.weight for rule in spec.constraints)


def tenancy_of(cell: CellView, machine: str) -> Tenancy:
    """What is held of a machine by number."""
    return Tenancy(cell.machines[machine].spec, _tenants(cell, machine))


def _tenants(cell: CellView, machine: str) -> Iterator[tuple[TaskSpec, Held]]:
    for key, index in cell.occupancy[machine].charges:
        job = cell.jobs[key]
        yield job.specs[job.tasks[index].spec], job.held.get(index, NOTHING_HELD)


def _check_tasks(cell: Cell, key: JobKey, job: Job) -> None:
    for index, task in job.tasks.items():
        name = f"{key}/{index}"
        assert task.index == index
        assert PHASE_STATE[task.phase] is task.state, f"{name}: {task.phase} in {task.state}"
        assert task.spec in job.specs, f"{name} runs a spec its job does not hold"
        running = task.state is TaskState.RUNNING
        assert running or task.stopping is None, f"{name} is stopping, not running"
        assert running or index not in job.held, f"{name} holds {job.held[index]}"
        if running:
            charge = cell.occupancy[task.machine].charges[key, index]
            assert charge == taken_of_machine(job, task), f"{name} is charged {charge}"
        assert (index in job.within) == bool(running and job.spec.alloc), f"{name} is in an alloc"
        if job.stopped:
            assert task.state is not TaskState.PENDING, f"{name} is pending in a stopped job"
    assert job.within.keys() <= job.tasks.keys()
    assert job.held.keys() <= job.tasks.keys()
    assert job.specs.keys() == job.wants() | {task.spec for task in job.tasks.values()}


def _check_allocs(cell: Cell) -> None:
    expected = rooms_of_allocs(cell.jobs)
    assert {key: set(rooms) for key, rooms in cell.allocs.items()} == {
        key: set(rooms) for key, rooms in expected.items()
    }
    for key, rooms in cell.allocs.items():
        job = cell.jobs[key]
        for index, room in rooms.items():
            alloc, name = job.tasks[index], f"{key}/{index}"
            assert room.charges == expected[key][index].charges, f"{name} holds {room.charges}"
            assert room.used == total(room.charges.values())
            assert room.used.fits_in(request_of(job, alloc)), f"{name} is too small for its tasks"
            tasks = [cell.jobs[inner].tasks[number] for inner, number in room.charges]
            assert all(task.machine == alloc.machine for task in tasks)
            if alloc.stopping is not None:
                assert tasks, f"{name} is stopping, and nothing is in it"
                assert all(task.stopping is not None for task in tasks)


def request_of(job: Job, task: Task) -> Resources:
    """What a task takes of its place: of its machine, or of its alloc and, as for ports, the machine of that."""
    return job.specs[task.spec].request()


def taken_of_machine(job: Job, task: Task) -> Resources:
    """What a task takes of its machine: in an alloc, which has taken the rest already, only its ports."""
    request = request_of(job, task)
    return Resources(ports=request.ports) if job.spec.alloc else request


def taken_of_alloc(job: Job, task: Task) -> Resources:
    """What a task takes of its alloc: everything but ports, whose numbers are the machine's to give."""
    kept = job.specs[task.spec].requirements
    return msgspec.structs.replace(kept, ports=0) if kept.ports else kept


def rooms_of_allocs(jobs: Mapping[JobKey, Job]) -> dict[JobKey, dict[int, Occupancy]]:
    """What is taken of each placed alloc, by set and index, from the tasks alone."""
    rooms: dict[JobKey, dict[int, Occupancy]] = {}
    for key, job in jobs.items():
        placed = [task.index for task in job.tasks.values() if task.state is TaskState.RUNNING]
        if job.spec.is_alloc_set and placed:
            rooms[key] = {index: Occupancy() for index in placed}
    for key, job in jobs.items():
        for task in job.tasks.values() if job.spec.alloc else ():
            if task.state is TaskState.RUNNING:
                room = rooms[job.spec.alloc_key][job.within[task.index]]
                room.charge(key, task.index, taken_of_alloc(job, task))
    return rooms
