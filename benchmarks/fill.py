"""Fenzo's experiment: fill empty hosts of 8 CPU with tasks of 1, 4 and 6 CPU, a batch in each pass, until all are placed.

Of the cores 20 % go to 1-CPU tasks, 40 % to 4-CPU and 40 % to 6-CPU tasks, in one fixed shuffled order. Each task is a
job of its own, as Fenzo's are. What is timed is what a scheduler does: taking the snapshot, the pass, and taking in what
the placements changed; describing the machines anew is not.
"""

import argparse
import csv
import gzip
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import msgspec

from benchmarks.frame import Metrics, Stopwatch, run
from benchmarks.untricked import NoTricks
from borgpy.model.constraints import Compare, Constraint, Operator, Spread
from borgpy.model.names import JobKey
from borgpy.model.plan import Plan
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.room import Kept
from borgpy.scheduling.schedule import schedule_pass

GIB = 1 << 30
MIB = 1 << 20
ZONES = 3
KINDS = ("compute", "memory", "network")


class Asked(msgspec.Struct, frozen=True):
    """One task of the workload; ``memory`` is MiB in the cpumem variant."""

    cpus: int
    memory: int


def workload(hosts: int, trace: Path | None) -> list[Asked]:
    """The tasks in order: from the trace's file for so many hosts, if it is there, else shuffled by a fixed seed."""
    path = None if trace is None else trace / f"workload_{hosts}.csv.gz"
    if path is not None and path.exists():
        with gzip.open(path, "rt") as lines:
            return [Asked(int(row[1]), int(row[2])) for row in list(csv.reader(lines))[1:]]
    cores = hosts * 8
    random = Random(1)
    tasks = []
    for cpus, share in ((1, 0.2), (4, 0.4), (6, 0.4)):
        tasks += [
            Asked(cpus, cpus * 1000 * random.choice((1, 2, 3)))
            for _ in range(int(cores * share / cpus))
        ]
    random.shuffle(tasks)
    return tasks


def the_hosts(options: argparse.Namespace) -> list[MachineFacts]:
    ram = 16_000 * MIB if options.variant == "cpumem" else 64 * GIB
    return [
        MachineFacts(
            f"host{number:06}",
            Resources(8000, ram, 1000 * GIB, 1000),
            NOTHING,
            attributes={"zone": f"zone{number % ZONES}", "kind": KINDS[number % len(KINDS)]},
        )
        for number in range(options.hosts)
    ]


def pending(tasks: Sequence[Asked], options: argparse.Namespace) -> list[PendingJob]:
    """Each task as a job of its own; in the zonesoft variant 30 in a row are one job, whatever their sizes."""
    jobs = []
    for number, task in enumerate(tasks):
        memory = task.memory * MIB if options.variant == "cpumem" else task.cpus * GIB
        constraints: tuple[Constraint, ...] = ()
        name, index, replicas = f"user/t{number}", 0, 1
        if options.variant == "hostattr":
            kind = KINDS[number % len(KINDS)]
            constraints = (Compare(attribute="kind", operator=Operator.EQUAL, values=(kind,)),)
        elif options.variant == "zonesoft":
            name, index, replicas = (
                f"user/g{number // options.group}",
                number % options.group,
                options.group,
            )
            constraints = (Spread(attribute="zone", weight=100),)
        jobs.append(
            PendingJob(
                job=JobKey(name),
                user="user",
                priority=200,
                request=Resources(task.cpus * 1000, memory, 0, 1),
                spec=f"c{task.cpus}m{memory}",
                indexes=(index,),
                constraints=constraints,
                replicas=replicas,
            )
        )
    return jobs


def gathered(jobs: Sequence[PendingJob]) -> list[PendingJob]:
    """The tasks of one job and one spec as one entry, as the cell lists them."""
    kinds: defaultdict[tuple[JobKey, str], list[PendingJob]] = defaultdict(list)
    for job in jobs:
        kinds[job.job, job.spec].append(job)
    return [
        msgspec.structs.replace(same[0], indexes=tuple(sorted(job.indexes[0] for job in same)))
        for same in kinds.values()
    ]


class Hosts:
    """What runs where, as the Borgmaster would tell it."""

    def __init__(self, facts: Sequence[MachineFacts]) -> None:
        self.facts = {fact.name: fact for fact in facts}
        self.zones: defaultdict[JobKey, Counter[str]] = defaultdict(Counter)
        self.cpus = 0

    def carry_out(self, plan: Plan, jobs: Sequence[PendingJob]) -> list[MachineFacts]:
        """The machines that changed, described anew."""
        requests = {(job.job, index): job.request for job in jobs for index in job.indexes}
        changed = set()
        for placement in plan.placements:
            request = requests[placement.job, placement.index]
            fact = self.facts[placement.machine]
            tasks = dict(fact.tasks)
            tasks[placement.job] = tasks.get(placement.job, 0) + 1
            self.facts[placement.machine] = msgspec.structs.replace(
                fact, used=fact.used + request, tasks=tasks
            )
            self.zones[placement.job][fact.attributes["zone"]] += 1
            self.cpus += request.cpu
            changed.add(placement.machine)
        return [self.facts[name] for name in sorted(changed)]

    def used(self) -> int:
        return sum(fact.used.cpu > 0 for fact in self.facts.values())


def batches(tasks: Sequence[PendingJob], size: int) -> Iterator[list[PendingJob]]:
    for start in range(0, len(tasks), size):
        yield list(tasks[start : start + size])


def measure(options: argparse.Namespace) -> Metrics:
    facts = the_hosts(options)
    tasks = pending(workload(options.hosts, options.trace), options)
    policy = Policy() if options.policy == "default" else only(Packing(options.policy))
    columns = Columns()
    columns.update(facts)
    hosts = Hosts(facts)
    total_cpus = sum(fact.capacity.cpu for fact in facts)
    kept = NoTricks() if options.no_tricks else Kept()
    passes: list[float] = []
    placed = unplaced = used_at_half = 0
    tried = 0
    for seed, batch in enumerate(batches(tasks, options.batch)):
        jobs = gathered(batch)
        watch = Stopwatch()
        snapshot = columns.snapshot(seed, jobs)
        plan = schedule_pass(snapshot, policy, seed, kept=kept)
        elapsed = watch.ms()
        changed = hosts.carry_out(plan, jobs)
        watch = Stopwatch()
        columns.update(changed)
        passes.append(elapsed + watch.ms())
        placed += len(plan.placements)
        tried += len(batch)
        unplaced += sum(len(left.indexes) for left in plan.unplaced)
        if not used_at_half and 2 * hosts.cpus >= total_cpus:
            used_at_half = hosts.used()
    differences = [
        max(counts[f"zone{z}"] for z in range(ZONES))
        - min(counts[f"zone{z}"] for z in range(ZONES))
        for counts in hosts.zones.values()
    ]
    return {
        "total_s": round(sum(passes) / 1000, 4),
        "per_task_ms": round(sum(passes) / max(1, tried), 5),
        "max_pass_ms": max(passes),
        "median_pass_ms": round(statistics.median(passes), 3),
        "hosts_used": hosts.used(),
        "hosts_used_at_half": used_at_half,
        "utilisation": round(hosts.cpus / total_cpus, 5),
        "placed": placed,
        "unplaced": unplaced,
        "mean_zone_difference": round(statistics.mean(differences), 3) if differences else 0,
        "worst_zone_difference": max(differences, default=0),
    }


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fill", description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=200, help="tasks in each pass")
    parser.add_argument(
        "--variant", choices=["plain", "hostattr", "zonesoft", "cpumem"], default="plain"
    )
    parser.add_argument(
        "--policy", choices=["default", *(p.value for p in Packing)], default="default"
    )
    parser.add_argument(
        "--group", type=int, default=30, help="tasks of a job, in the zonesoft variant"
    )
    parser.add_argument("--no-tricks", action="store_true", help="look at everything anew")
    parser.add_argument("--trace", type=Path, help="a directory with workload_HOSTS.csv.gz")
    return parser


if __name__ == "__main__":
    run(flags(), measure)
