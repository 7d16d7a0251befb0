"""Cells and workloads to measure on: a made-up one, and those that two published traces describe.

A made-up cell has racks of 40 machines and power domains of 10 racks; what a rack's machines are is said by the rack,
for they were bought together. A made-up workload is of small jobs; how often a class (a request, constraints and a band)
occurs falls with its number (Zipf).
"""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random

import msgspec
import numpy as np

from borgpy.model.constraints import Compare, Constraint, Limit, Operator, Spread
from borgpy.model.names import JobKey, job_key
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.facts import MachineFacts, PendingJob

GIB = 1 << 30
MIB = 1 << 20
RACK = 40
RACKS_OF_A_DOMAIN = 10
USERS = 50

GOOGLE = Path("google2011-metcientifica")
OPENB = Path("alibaba-openb-gpu2023")


class Workload(msgspec.Struct, frozen=True):
    """What is to be placed, and on what machines, in the order in which they would be bought."""

    machines: tuple[Resources, ...]
    jobs: tuple[PendingJob, ...]

    def tasks(self) -> int:
        return sum(len(job.indexes) for job in self.jobs)


def the_machines(capacities: Sequence[Resources]) -> list[MachineFacts]:
    """Machines that stand in racks in this order; every fifth rack is ARM, every second has SSDs."""
    facts = []
    for number, capacity in enumerate(capacities):
        rack = number // RACK
        attributes = {
            "rack": f"r{rack:05}",
            "power": f"p{rack // RACKS_OF_A_DOMAIN:04}",
            "arch": "arm64" if rack % 5 == 4 else "x86_64",
            "os": ("5.10", "6.1", "6.1", "6.6")[rack % 4],
            "disk": ("ssd", "hdd")[rack % 2],
        }
        facts.append(
            MachineFacts(f"m{number:06}", capacity, NOTHING, placeable=True, attributes=attributes)
        )
    return facts


SHAPES = ((32, 128), (32, 64), (32, 256), (64, 256))
"""Cores and GiB of the machines of a made-up cell, dealt out rack by rack."""

MEAN_CORES, MEAN_GIB = 2.4, 8.4
"""Of a task, so that ten for each machine take two thirds of the cores and nearly as much of the memory."""

BANDS = (200, 100, 25)
"""Production, batch, free."""


class Kind(msgspec.Struct, frozen=True):
    """An equivalence class of a made-up workload."""

    request: Resources
    priority: int
    constraints: tuple[Constraint, ...]
    packages: dict[str, int]


def made_up(tasks: int, machines: int, classes: int) -> Workload:
    """``tasks`` in jobs of one to three. The same numbers give the same workload."""
    random = Random(f"{tasks}/{machines}/{classes}")
    kinds = _kinds(random, classes)
    often = list(accumulate(1 / number for number in range(1, classes + 1)))
    jobs: list[PendingJob] = []
    left = tasks
    while left:
        number = random.choices(range(classes), cum_weights=often)[0]
        kind, replicas = kinds[number], min(left, random.randint(1, 3))
        user = f"user{random.randrange(USERS)}"
        left -= replicas
        jobs.append(
            PendingJob(
                job=job_key(user, f"job{len(jobs)}"),
                user=user,
                priority=kind.priority,
                request=kind.request,
                spec=f"c{number}",
                indexes=tuple(range(replicas)),
                constraints=kind.constraints,
                packages=kind.packages,
                replicas=replicas,
            )
        )
    return Workload(made_up_machines(machines), tuple(jobs))


def made_up_machines(machines: int) -> tuple[Resources, ...]:
    shapes = [SHAPES[number // RACK % len(SHAPES)] for number in range(machines)]
    return tuple(Resources(cpu * 1000, ram * GIB, 2000 * GIB, 12_000) for cpu, ram in shapes)


def one_job(tasks: int, machines: int) -> Workload:
    """One job of equal tasks."""
    job = PendingJob(
        job=job_key("user", "job"),
        user="user",
        priority=200,
        request=Resources(1000, 2 * GIB, GIB, 1),
        spec="c",
        indexes=tuple(range(tasks)),
        replicas=tasks,
    )
    return Workload(made_up_machines(machines), (job,))


def _kinds(random: Random, classes: int) -> list[Kind]:
    """Requests spread over two orders of magnitude, as a cell's do, none larger than half of the smallest machine."""
    cores = [random.lognormvariate(0, 1) for _ in range(classes)]
    memory = [each * random.lognormvariate(0, 0.7) for each in cores]
    per_core, per_gib = MEAN_CORES / _usual(cores), MEAN_GIB / _usual(memory)
    return [
        Kind(
            Resources(
                cpu=min(16_000, max(50, int(cpu * per_core * 1000))),
                ram=min(32 * GIB, max(64 * MIB, int(ram * per_gib * GIB))),
                disk=random.choice((1, 2, 10, 50)) * GIB,
                ports=random.choice((0, 1, 1, 2)),
            ),
            BANDS[number % len(BANDS)],
            _constraints(number),
            {f"digest{number}": 50 * MIB},
        )
        for number, (cpu, ram) in enumerate(zip(cores, memory, strict=True))
    ]


def _usual(amounts: Sequence[float]) -> float:
    """The mean over tasks."""
    weights = [1 / number for number in range(1, len(amounts) + 1)]
    return sum(a * w for a, w in zip(amounts, weights, strict=True)) / sum(weights)


def _constraints(number: int) -> tuple[Constraint, ...]:
    """Of every ten classes three insist on a kind of machine, one on racks apart, and two have a wish."""
    match number % 10:
        case 1:
            return (Compare(attribute="arch", operator=Operator.EQUAL, values=("x86_64",)),)
        case 3:
            return (Compare(attribute="os", operator=Operator.VERSION, values=(">= 6",)),)
        case 5:
            return (Limit(attribute="rack", most=1),)
        case 6:
            return (
                Compare(attribute="disk", operator=Operator.EQUAL, values=("ssd",)),
                Compare(attribute="arch", operator=Operator.IN, values=("x86_64", "arm64")),
            )
        case 7:
            return (Compare(attribute="disk", operator=Operator.EQUAL, values=("ssd",), weight=50),)
        case 9:
            return (Spread(attribute="rack", weight=20),)
    return ()


def _rows(path: Path, delimiter: str = ",") -> list[list[str]]:
    with gzip.open(path, "rt") as lines:
        return list(csv.reader(lines, delimiter=delimiter))


WHOLE_CPU, WHOLE_RAM = 32_000, 64 * GIB
"""The Google trace gives shares of the largest machine; it is taken to be so large."""

GOOGLE_MACHINES = (  # cpu, ram as shares of the largest machine's, percent of the machines
    (0.5, 0.5, 53.47),
    (0.5, 0.25, 30.74),
    (0.5, 0.75, 7.95),
    (1, 1, 6.32),
    (0.25, 0.25, 0.99),
    (0.5, 0.12, 0.43),
    (0.5, 0.03, 0.04),
    (0.5, 0.97, 0.03),
    (1, 0.5, 0.02),
    (0.5, 0.06, 0.01),
)

GOOGLE_PRIORITIES = (0, 25, *(100 + 2 * step for step in range(7)), 200, 250, 360)
"""Of the trace's 0 to 11 as borgpy's bands have them."""


def google(traces: Path, machines: int, seed: int) -> Workload:
    """The tasks that ran as the trace of 2011 began, on machines drawn from the published mix.

    A task's request is rounded to a thousandth of a core; no ports and no disk are asked for.
    """
    rows = _rows(traces / GOOGLE / "task_events.csv.gz", ";")
    asked = [
        (
            job_key(row[3], row[1]),
            row[3],
            GOOGLE_PRIORITIES[int(row[5])],
            Resources(
                round(float(row[8]) * WHOLE_CPU * 1000) // 1000,
                round(float(row[9]) * WHOLE_RAM),
                0,
                0,
            ),
        )
        for row in rows
    ]
    mix = [
        Resources(int(cpu * WHOLE_CPU), int(ram * WHOLE_RAM), 1000 * GIB, 1000)
        for cpu, ram, _ in GOOGLE_MACHINES
    ]
    shares = np.array([share for _, _, share in GOOGLE_MACHINES])
    drawn = np.random.default_rng(seed).choice(len(mix), machines, p=shares / shares.sum())
    return Workload(tuple(mix[kind] for kind in drawn.tolist()), tuple(gathered(asked)))


def openb(traces: Path, seed: int) -> Workload:
    """All pods and nodes of Alibaba's GPU cluster of 2023, their CPU and memory alone, the nodes shuffled."""
    pods = _rows(traces / OPENB / "openb_pod_list_default.csv.gz")[1:]
    nodes = _rows(traces / OPENB / "openb_node_list_all_node.csv.gz")[1:]
    asked = [
        (job_key("openb", row[0]), "openb", 200, Resources(int(row[1]), int(row[2]) * MIB, 0, 0))
        for row in pods
    ]
    machines = [Resources(int(row[1]), int(row[2]) * MIB, 0, 0) for row in nodes]
    order = np.random.default_rng(seed).permutation(len(machines))
    return Workload(tuple(machines[row] for row in order.tolist()), tuple(gathered(asked)))


def gathered(asked: Iterable[tuple[JobKey, str, int, Resources]]) -> Iterator[PendingJob]:
    """Tasks as (job, user, priority, request) by job and request, as a cell lists them."""
    replicas: Counter[JobKey] = Counter()
    alike: defaultdict[tuple[JobKey, str, int, Resources], list[int]] = defaultdict(list)
    for task in asked:
        alike[task].append(replicas[task[0]])
        replicas[task[0]] += 1
    for (job, user, priority, request), indexes in alike.items():
        yield PendingJob(
            job=job,
            user=user,
            priority=priority,
            request=request,
            spec=f"{request.cpu}-{request.ram}",
            indexes=tuple(indexes),
            replicas=replicas[job],
        )
