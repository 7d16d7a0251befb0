"""Whether a placement still finds devices, sets, ports and neighbours as the plan assumed, line after line."""

from collections.abc import Container

from borgpy.master.waiting import is_waiting
from borgpy.model.cell import CellView, Job, tenancy_of
from borgpy.model.constraints import DEDICATED, HARD, Compare, admits, holds, value_of, words
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.plan import Holding, Placement, Plan
from borgpy.model.spec import JobSpec, TaskSpec
from borgpy.model.tenancy import NOTHING_HELD, Held, Tenancy, is_numbered

_Place = tuple[str, int]
"""A machine (-1), or one alloc of a set."""


class Seating:
    """What the lines of one plan take besides amounts. Each machine is looked at when a line first needs it.

    Most jobs ask for nothing of this (`asks_for_more` says so), and most machines do not care either, those in none of
    ``particular``: such lines need not be shown here. ``taken`` are the machines of all earlier lines, those included.
    """

    def __init__(self, cell: CellView, plan: Plan, taken: Container[str]) -> None:
        self._cell = cell
        self._seq = plan.seq
        self._taken = taken
        self._holdings: dict[tuple[JobKey, int], Holding] = {
            (holding.job, holding.index): holding for holding in plan.holdings or ()
        }
        self._tenancies: dict[str, Tenancy] = {}
        self._chosen: set[str] = set()
        self.particular = (cell.choosy, cell.reserved, self._chosen)
        self._reserved: set[_Place] = set()
        self._entered: set[_Place] = set()

    def why_not(self, job: Job, spec: TaskSpec, line: Placement) -> str:
        """Why a task of ``job`` cannot be there now, whatever room there is; empty when it can."""
        if line.machine not in self._cell.machines:
            return ""  # which is said elsewhere
        alloc, held = self._of(line)
        if job.rules_seq > self._seq:
            return "the job's constraints have changed"
        if is_waiting(self._cell, job.spec):
            return "a job that has to finish first has not"
        crowded = self._crowded(job.spec, line.machine, alloc)
        if crowded:
            return crowded
        offered = self._cell.machines[line.machine].spec
        problem = unfit(job.spec, offered)
        if problem or not is_numbered(spec, offered):
            return problem
        tenancy = self._tenancy(line.machine)
        return tenancy.port_taken(spec) if alloc >= 0 else tenancy.why_not(spec, held)

    def seat(self, job: Job, spec: TaskSpec, line: Placement) -> Held:
        """The task goes there: later lines find it. What it holds from now on."""
        machine = line.machine
        alloc, held = self._of(line)
        place = _place(job.spec, machine, alloc)
        self._entered.add(place)
        if job.spec.is_exclusive():
            self._reserved.add(place)
            self._chosen.add(machine)
        if is_numbered(spec, self._cell.machines[machine].spec):
            self._tenancy(machine).seat(spec, held)
        return held

    def _of(self, line: Placement) -> tuple[int, Held]:
        """The alloc, if any, and what it holds by number, that the plan gives a task."""
        holding = self._holdings.get((line.job, line.index))
        return (
            (-1, NOTHING_HELD)
            if holding is None
            else (holding.alloc, Held(holding.devices, holding.sets))
        )

    def _crowded(self, job: JobSpec, machine: str, alloc: int) -> str:
        """What neighbours there are against it: in an alloc those in the same alloc, else all on the machine."""
        place = _place(job, machine, alloc)
        cell = self._cell
        if alloc >= 0:
            tenants = cell.allocs[job.alloc_key][alloc].charges
            reserved = any(cell.jobs[key].spec.is_exclusive() for key, _ in tenants)
            entered = place in self._entered
        else:
            tenants = cell.occupancy[machine].charges
            reserved = machine in cell.reserved
            entered = machine in self._taken
        if reserved or place in self._reserved:
            return "a task there wants no neighbours"
        if job.is_exclusive() and (tenants or entered):
            return "it wants no neighbours, and has some there"
        return ""

    def _tenancy(self, machine: str) -> Tenancy:
        known = self._tenancies.get(machine)
        if known is None:
            known = self._tenancies[machine] = tenancy_of(self._cell, machine)
        return known


def asks_for_more(job: JobSpec) -> bool:
    """Whether there is more to be said of where tasks of the job go than amounts."""
    task = job.task
    asked = job.constraints or job.alloc or job.after
    return bool(asked or task.devices or task.sets or task.fixed_ports)


def _place(job: JobSpec, machine: str, alloc: int) -> _Place:
    return (machine, -1) if alloc < 0 else (job.alloc_key, alloc)


def unfit(job: JobSpec, machine: MachineSpec) -> str:
    """Why the machine is not, or not any more, as the job asks for; empty when it is."""
    attributes = machine.attributes
    if not admits(attributes.get(DEDICATED), job.constraints, job.user):
        return "the machine is set aside for others, or not set aside for the job"
    for rule in job.constraints:
        if not isinstance(rule, Compare) or rule.weight != HARD:
            continue
        if not holds(rule, value_of(rule.attribute, machine.name, attributes)):
            return f"the machine is not as the job asks for: {words(rule)}"
    return ""
