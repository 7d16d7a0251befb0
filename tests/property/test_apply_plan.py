"""A plan is applied many tasks at a time; what comes of it is what applying it line by line gave, in its plainest form."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from borgpy.master import evolve as evolving
from borgpy.master.apply_plan import apply_plan
from borgpy.master.borgmaster import Borgmaster
from borgpy.model import checkpoint
from borgpy.model.cell import CellView, request_of
from borgpy.model.events import Event, PlacementStale, TaskScheduled
from borgpy.model.lifecycle import TaskState
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey, job_key
from borgpy.model.operations import ApplyPlan, LoseMachines, StopTasks
from borgpy.model.plan import Placement, Plan
from borgpy.model.resources import NOTHING, Resources
from tests.builders import a_borgmaster, a_job, a_task_spec, submit

MACHINES = ("m1", "m2", "m3", "gone")
JOBS = (job_key("alice", "web"), job_key("bob", "etl"), job_key("bob", "never"))
ROOM = Resources(cpu=3000, ram=1000, disk=100, ports=4, extra={"gpu_millis": 1000})
SHAPES = (
    Resources(cpu=1000, ram=100),
    Resources(cpu=100, ram=400, disk=30),
    Resources(cpu=100, extra={"gpu_millis": 400}),
    Resources(cpu=100, extra={"licence": 1}),
)

lines = st.builds(Placement, st.sampled_from(JOBS), st.integers(0, 6), st.sampled_from(MACHINES))
plans = st.lists(st.lists(lines, max_size=12), min_size=1, max_size=3)


def a_cell(shapes: tuple[Resources, Resources], lost: bool, stopped: int) -> Borgmaster:
    master = a_borgmaster("m1", "m2", "m3", capacity=ROOM)
    for key, shape in zip(JOBS, shapes, strict=False):
        user, _, name = key.partition("/")
        submit(master, a_job(name, user=user, replicas=6, task=a_task_spec(requirements=shape)))
    master.apply(StopTasks(at=11, by="root", job=JOBS[0], indexes=(stopped,)))
    if lost:
        master.apply(LoseMachines(at=12, machines=("m2",), reason="silence"))
    return master


def line_by_line(cell: CellView, op: ApplyPlan) -> Iterator[Event]:
    """The same in its plainest form, a vector for each sum."""
    taken: dict[str, Resources] = {}
    placed: set[tuple[JobKey, int]] = set()
    for line in op.plan.placements:
        why = stale(cell, op.at, line, taken, placed)
        if why:
            yield PlacementStale(line.job, line.index, line.machine, why)
            continue
        job = cell.jobs[line.job]
        request = request_of(job, job.tasks[line.index])
        taken[line.machine] = taken.get(line.machine, NOTHING) + request
        placed.add((line.job, line.index))
        yield TaskScheduled(line.job, line.index, line.machine, cell.seq + 1)


def stale(
    cell: CellView,
    at: int,
    line: Placement,
    taken: dict[str, Resources],
    placed: set[tuple[JobKey, int]],
) -> str:
    job = cell.jobs.get(line.job)
    task = job.tasks.get(line.index) if job else None
    if job is None or task is None:
        return "the task is gone"
    if task.state is not TaskState.PENDING or (line.job, line.index) in placed:
        return "the task is not pending"
    if task.ready_at > at:
        return "the task is held back after crashing"
    machine = cell.machines.get(line.machine)
    if machine is None or machine.state is not MachineState.UP:
        return "the machine is not available"
    room = machine.spec.capacity - cell.occupancy[line.machine].used
    if not request_of(job, task).fits_in(room - taken.get(line.machine, NOTHING)):
        return "the machine has no room any more"
    return ""


@given(
    plans=plans,
    shapes=st.tuples(st.sampled_from(SHAPES), st.sampled_from(SHAPES)),
    lost=st.booleans(),
    stopped=st.integers(0, 5),
)
def test_many_at_a_time_come_to_the_same_as_line_by_line(
    plans: list[list[Placement]],
    shapes: tuple[Resources, Resources],
    lost: bool,
    stopped: int,
) -> None:
    master = a_cell(shapes, lost, stopped)
    for at, placements in enumerate(plans, 20):
        op = ApplyPlan(at=at, plan=Plan(master.cell.seq, 0, tuple(placements)))
        expected = list(line_by_line(master.cell, op))
        assert apply_plan(master.cell, op) == expected
        apart = checkpoint.decode(checkpoint.encode(master.cell))
        assert master.apply(op) == expected
        master.check()
        apart.seq, apart.at, apart.chain = master.cell.seq, master.cell.at, master.cell.chain
        for event in expected:
            evolving.evolve(apart, [event])
        apart.check()
        assert checkpoint.encode(apart) == checkpoint.encode(master.cell)
        assert {name: room.used for name, room in apart.occupancy.items()} == {
            name: room.used for name, room in master.cell.occupancy.items()
        }
