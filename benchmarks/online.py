"""One scheduling pass over a cell that is running: tasks of distinct shapes, each looked at on every machine."""

import argparse
import statistics

from benchmarks.frame import Metrics, Stopwatch, run
from borgpy.model.names import job_key
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.schedule import schedule_pass

GIB = 1 << 30
SHAPES = (  # cores and GiB in the spirit of the 2011 trace's machines: (cpu, ram)
    (16, 64),
    (16, 32),
    (16, 96),
    (32, 128),
)
USERS = 40


def the_machines(machines: int, running: int) -> list[MachineFacts]:
    """``running`` tasks of 16 sizes, dealt out in turn; a machine takes the next for as long as it has room."""
    facts = []
    for i in range(machines):
        cpu, ram = SHAPES[i % len(SHAPES)]
        capacity = Resources(cpu * 1000, ram * GIB, 1000 * GIB, 12_000)
        used = NOTHING
        first, last = i * running // machines, (i + 1) * running // machines
        for task in range(first, last):
            size = task * 7919 % 16 + 1
            request = Resources(size * 100, size * GIB // 5, GIB, 1)
            if request.fits_in(capacity - used):
                used += request
        facts.append(MachineFacts(f"m{i:06}", capacity, used, placeable=True))
    return facts


def the_pending(tasks: int) -> list[PendingJob]:
    """One task each, no two of the same shape, from a tenth of a core up to more than most machines have free."""
    return [
        PendingJob(
            job=job_key(f"user{i % USERS}", f"job{i}"),
            user=f"user{i % USERS}",
            priority=(25, 100, 200)[i % 3],
            request=Resources(
                100 + i * 6151 % 8000, (i + 1) * (GIB // 32) % (24 * GIB) + i, (i % 50 + 1) * GIB, 1
            ),
            spec=f"d{i}",
            indexes=(0,),
        )
        for i in range(tasks)
    ]


def measure(options: argparse.Namespace) -> Metrics:
    columns = Columns()
    facts = the_machines(options.machines, options.running)
    columns.update(facts)
    pending = the_pending(options.pending)
    passes, snapshots = [], []
    for seed in range(options.repeat):
        columns.update(facts[:: max(1, len(facts) // 100)])  # something has always changed
        watch = Stopwatch()
        snapshot = columns.snapshot(seed, pending)
        snapshots.append(watch.ms())
        watch = Stopwatch()
        plan = schedule_pass(
            snapshot,
            Policy() if options.policy == "default" else only(Packing(options.policy)),
            seed,
        )
        passes.append(watch.ms())
    return {
        "pass_ms": statistics.median(passes),
        "pass_max_ms": max(passes),
        "snapshot_ms": statistics.median(snapshots),
        "running": sum(machine.used.ports for machine in facts),
        "placed": len(plan.placements),
        "unplaced": sum(len(unplaced.indexes) for unplaced in plan.unplaced),
    }


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("online", description=__doc__)
    parser.add_argument("--machines", type=int, default=10_000)
    parser.add_argument("--running", type=int, default=150_000)
    parser.add_argument("--pending", type=int, default=1_000, help="tasks of distinct shapes")
    parser.add_argument(
        "--policy", choices=["default", *(p.value for p in Packing)], default="default"
    )
    parser.add_argument("--repeat", type=int, default=5, help="pass_ms is the median of so many")
    return parser


if __name__ == "__main__":
    run(flags(), measure)
