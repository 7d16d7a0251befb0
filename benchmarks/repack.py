"""A whole cell's workload onto an empty cell in one pass: what Borg calls scheduling the entire workload from scratch.

The time is that of the snapshot and the pass, of ``--repeat`` runs the median; describing the machines is not in it.
``--no-tricks`` looks at every task on every machine anew. With ``--trace`` the workload is that of Google's trace of 2011
and the machines are drawn from its mix; the numbers of tasks and classes are then the trace's.
"""

import argparse
import statistics
import time
from pathlib import Path

import msgspec

from benchmarks.frame import Metrics, Stopwatch, run
from benchmarks.untricked import NoTricks
from benchmarks.workloads import Workload, google, made_up, one_job, the_machines
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.policy_text import changed
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.schedule import schedule_pass


def workload(options: argparse.Namespace) -> Workload:
    if options.trace is not None:
        return google(options.trace, options.machines, seed=0)
    if options.one_job:
        return one_job(options.tasks, options.machines)
    return made_up(options.tasks, options.machines, options.classes)


def policy_of(options: argparse.Namespace) -> Policy:
    policy = Policy() if options.policy == "default" else only(Packing(options.policy))
    return changed(msgspec.structs.replace(policy, sample=options.sample), options.set)


def measure(options: argparse.Namespace) -> Metrics:
    load = workload(options)
    columns = Columns()
    machines = the_machines(load.machines)
    columns.update(machines)
    policy = policy_of(options)
    totals, snapshots, cpu = [], [], []
    for seed in range(options.repeat):
        columns.update(machines[:1])  # something has always changed
        kept = NoTricks() if options.no_tricks else None
        watch, used = Stopwatch(), time.process_time()
        snapshot = columns.snapshot(seed, load.jobs)
        snapshots.append(watch.ms())
        plan = schedule_pass(snapshot, policy, seed, kept=kept)
        totals.append(watch.ms() / 1000)
        cpu.append(time.process_time() - used)
    total = statistics.median(totals)
    tasks = load.tasks()
    capacity = sum(machine.cpu for machine in load.machines)
    return {
        "total_s": round(total, 4),
        "best_s": round(min(totals), 4),
        "cpu_s": round(statistics.median(cpu), 4),
        "snapshot_ms": statistics.median(snapshots),
        "tasks_per_s": round(tasks / total),
        "us_per_task": round(1e6 * total / tasks, 2),
        "tasks": tasks,
        "jobs": len(load.jobs),
        "placed": len(plan.placements),
        "unplaced": sum(len(left.indexes) for left in plan.unplaced),
        "machines_used": len({placement.machine for placement in plan.placements}),
        "cpu_load": round(
            sum(job.request.cpu * len(job.indexes) for job in load.jobs) / capacity, 4
        ),
    }


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("repack", description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--machines", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument(
        "--policy", choices=["default", *(p.value for p in Packing)], default="default"
    )
    parser.add_argument(
        "--sample", type=int, default=0, help="relaxed randomisation: look at so many"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="change the policy"
    )
    parser.add_argument("--no-tricks", action="store_true", help="every task on every machine anew")
    parser.add_argument("--one-job", action="store_true", help="all tasks are equal, in one job")
    parser.add_argument("--trace", type=Path, help="a directory with google2011-metcientifica")
    parser.add_argument("--repeat", type=int, default=3, help="times are the median of so many")
    return parser


if __name__ == "__main__":
    run(flags(), measure)
