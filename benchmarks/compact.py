"""Cell compaction: on how few machines would the workload still fit (Borg §5.1; Verma et al., CLUSTER'14)?

For each of ``--trials`` the machines are put into a random order, and the shortest prefix of it is searched on which the
workload fits when it is placed from scratch. What counts is the 90th percentile of the trials. With ``--trace`` this is
done for Google's trace of 2011, on machines drawn from its mix anew for each trial, of whose tasks 0.2 % may stay pending
as they may in the paper, or with ``--cell openb`` for the CPU and memory of Alibaba's GPU cluster of 2023, all of
whose pods must be placed; else for a made-up workload. ``lower_bound`` is the 90th percentile of the machines that have
as much of everything as is asked for.

The machines are in racks of 40 and power domains of 10 racks, in the trial's order. ``together_machine`` and so on are the
parts of the jobs of 2 to 10 tasks that have two tasks in one such domain, in the cells that were found, on average.
"""

import argparse
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import msgspec

from benchmarks.frame import Metrics, Stopwatch, run
from benchmarks.workloads import Workload, google, made_up, openb, the_machines
from borgpy.model.names import JobKey
from borgpy.model.plan import Plan
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.policy_text import changed
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.schedule import schedule_pass

GOOGLE_MACHINES = 8000
"""So many are drawn, half more than are needed."""

PICKY = 0.002
"""The part of the tasks that may stay pending."""

FIRST_STEP = 16
"""Machines by which the search moves away from its guess at first."""

DOMAINS = ("machine", "rack", "power")
SMALL = range(2, 11)


class Cell(msgspec.Struct, frozen=True):
    """One trial's machines in order, what is to be placed on them, and how many tasks may be left."""

    machines: list[MachineFacts]
    jobs: tuple[PendingJob, ...]
    may_wait: int

    def fewest(self) -> int:
        """Of the machines in order, how many have as much of everything as is asked for."""
        return max(
            self._fewest(lambda amounts: amounts.cpu), self._fewest(lambda amounts: amounts.ram)
        )

    def _fewest(self, amount: Callable[[Resources], int]) -> int:
        missing = sum(amount(job.request) * len(job.indexes) for job in self.jobs)
        for number, machine in enumerate(self.machines):
            if missing <= 0:
                return number
            missing -= amount(machine.capacity)
        return len(self.machines)


def cells(options: argparse.Namespace) -> Iterator[Cell]:
    for seed in range(options.seed, options.seed + options.trials):
        load = workload(options, seed)
        picky = PICKY if options.trace is None or options.cell == "google" else 0.0
        yield Cell(the_machines(load.machines), load.jobs, int(load.tasks() * picky))


def workload(options: argparse.Namespace, seed: int) -> Workload:
    if options.trace is None:
        load = made_up(options.tasks, options.tasks // 10, options.classes)
        machines = list(load.machines)
        Random(seed).shuffle(machines)
        return Workload(tuple(machines), load.jobs)
    if options.cell == "openb":
        return openb(options.trace, seed)
    return google(options.trace, GOOGLE_MACHINES, seed)


def policy_of(options: argparse.Namespace) -> Policy:
    policy = Policy() if options.policy == "default" else only(Packing(options.policy))
    return changed(policy, options.set)


class Search:
    """How few machines one trial needs. A prefix that is long enough is taken to be so if it were longer."""

    def __init__(self, cell: Cell, policy: Policy, seed: int) -> None:
        self._cell = cell
        self._policy = policy
        self._seed = seed
        self.passes = 0
        self.plan: Plan | None = None
        self.unplaced = 0

    def fewest(self, guess: int) -> int:
        """Steps away from the guess, twice as far each time, and then halves what is left; 0 if all are too few."""
        most = len(self._cell.machines)
        size, step = min(guess, most), FIRST_STEP
        if self._fits(size):
            enough = size
            while enough > 1 and self._fits(max(1, enough - step)):
                enough, step = max(1, enough - step), 2 * step
            too_few = max(0, enough - step)
        else:
            too_few = size
            while not self._fits(min(most, too_few + step)):
                if too_few + step >= most:
                    return 0
                too_few, step = too_few + step, 2 * step
            enough = min(most, too_few + step)
        while enough - too_few > 1:
            middle = (enough + too_few) // 2
            if self._fits(middle):
                enough = middle
            else:
                too_few = middle
        return enough

    def _fits(self, size: int) -> bool:
        columns = Columns()
        columns.update(self._cell.machines[:size])
        plan = schedule_pass(columns.snapshot(0, self._cell.jobs), self._policy, self._seed)
        self.passes += 1
        unplaced = sum(len(left.indexes) for left in plan.unplaced)
        if unplaced > self._cell.may_wait:
            return False
        self.plan, self.unplaced = plan, unplaced
        return True


def together(plan: Plan, cell: Cell) -> dict[str, float]:
    """By kind of domain the part of the small jobs that have two tasks in one."""
    places = {
        machine.name: (machine.name, machine.attributes["rack"], machine.attributes["power"])
        for machine in cell.machines
    }
    tasks: defaultdict[JobKey, list[tuple[str, ...]]] = defaultdict(list)
    for placement in plan.placements:
        tasks[placement.job].append(places[placement.machine])
    small = [where for where in tasks.values() if len(where) in SMALL]
    return {
        domain: sum(max(Counter(place[d] for place in where).values()) > 1 for where in small)
        / max(1, len(small))
        for d, domain in enumerate(DOMAINS)
    }


def p90(values: Sequence[float]) -> float:
    """The smallest that nine of ten are not above."""
    return sorted(values)[math.ceil(0.9 * len(values)) - 1]


def measure(options: argparse.Namespace) -> Metrics:
    policy = policy_of(options)
    needed, parts, bounds, passes = [], [], [], 0
    colocated: defaultdict[str, list[float]] = defaultdict(list)
    watch = Stopwatch()
    over = 1.03
    for seed, cell in enumerate(cells(options), options.seed):
        bound = cell.fewest()
        search = Search(cell, policy, seed)
        found = search.fewest(round(bound * over))
        if not found or search.plan is None:
            raise SystemExit(f"seed {seed}: the workload does not fit on all the machines")
        over = found / bound
        needed.append(found)
        bounds.append(bound)
        parts.append(found / len(cell.machines))
        passes += search.passes
        for domain, part in together(search.plan, cell).items():
            colocated[domain].append(part)
    return {
        "machines_p90": p90(needed),
        "machines_mean": round(statistics.mean(needed), 1),
        "lower_bound": p90(bounds),
        "over_bound": round(p90(needed) / p90(bounds) - 1, 4),
        "part_mean": round(statistics.mean(parts), 4),
        "part_p90": round(p90(parts), 4),
        **{
            f"together_{domain}": round(statistics.mean(colocated[domain]), 4) for domain in DOMAINS
        },
        "total_s": round(watch.ms() / 1000, 2),
        "passes": passes,
        "each": " ".join(map(str, needed)),
    }


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("compact", description=__doc__)
    parser.add_argument(
        "--policy", choices=["default", *(p.value for p in Packing)], default="default"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="change the policy"
    )
    parser.add_argument("--trials", type=int, default=11)
    parser.add_argument("--seed", type=int, default=0, help="of the first trial")
    parser.add_argument("--trace", type=Path, help="a directory with the traces")
    parser.add_argument("--cell", choices=["google", "openb"], default="google")
    parser.add_argument("--tasks", type=int, default=20_000, help="of a made-up workload")
    parser.add_argument("--classes", type=int, default=200, help="of a made-up workload")
    return parser


if __name__ == "__main__":
    run(flags(), measure)
