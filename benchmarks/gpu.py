"""How many of a cell's GPUs are put to use when more arrive than there are: the experiment of FGD (USENIX ATC'23).

Pods arrive one by one, until they have asked for 130 % of all GPUs; none leaves, and one that fits nowhere is dropped.
They wait for one scheduling pass, or are placed in passes of ``--batch`` each, in the order of arrival. ``default`` is what every cell uses. The other
policies are the published ones, with the published tie-break: machines get a number at random and are gone through in
that order. ``random`` draws the machine among those that fit, and its GPU. For the others which GPU of the machine a pod
gets is the scheduler's choice, the tightest; as published, ``fgd`` would choose by F.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.frame import Metrics, Stopwatch, run
from benchmarks.gpu_cell import GpuCell
from benchmarks.gpu_drawn import Drawn
from benchmarks.gpu_inputs import Arrivals, Workload, arrivals, openb, synthetic
from benchmarks.gpu_published import PUBLISHED
from borgpy.model.policy import Order, Packing, Part, Policy
from borgpy.scheduling.schedule import schedule_pass

POLICIES = ("random", "dot_product", "clustering", "packing", "best_fit", "fgd", "default")
FIRST_SEED = 42
ONLY_PLUGINS = (Part(Packing.NONE, 100),)


class Options(NamedTuple):
    policy: str = "default"
    seeds: int = 1
    percent: int = 130
    batch: int = 0


@dataclass
class Spent:
    """On the clock, and by the processor."""

    ms: float = 0.0
    cpu_ms: float = 0.0


def policy_of(name: str) -> Policy:
    """As the cell would be told; tasks go in the order in which they arrive."""
    in_turn = Order.AS_SUBMITTED
    if name == "default":
        return Policy(order=in_turn)
    if name == "random":
        return Policy(packing=ONLY_PLUGINS, spread=(), sample=1, order=in_turn)
    if name == "fgd":
        return Policy(packing=(Part(Packing.FGD, 100),), spread=(), order=in_turn)
    return Policy(packing=ONLY_PLUGINS, spread=(), plugins=(name,), order=in_turn)


def run_once(
    workload: Workload, coming: Arrivals, options: Options, seed: int
) -> tuple[float, Spent]:
    """The percentage of all GPUs, in thousandths of each, that placed pods hold in the end; what the passes took."""
    cell = GpuCell(workload, coming, options.policy)
    policy, spent = policy_of(options.policy), Spent()
    drawn = Drawn(seed) if options.policy == "random" else None
    step = options.batch or len(cell.pods)
    for first in range(0, len(cell.pods), step):
        snapshot = cell.snapshot(first, first + step)
        watch, busy = Stopwatch(), time.process_time()
        plan = schedule_pass(snapshot, policy, seed, plugins=PUBLISHED, kept=drawn)
        spent.ms += watch.ms()
        spent.cpu_ms += 1000 * (time.process_time() - busy)
        cell.carry_out(plan)
    return 100 * cell.held_millis / workload.gpu_millis(), spent


def sweep(workload: Workload, options: Options) -> Metrics:
    """A run for each seed. Times are of the passes alone; ``cpu_s`` is what the processor spent on them."""
    shares, total, pods = [], Spent(), 0
    for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
        coming = arrivals(workload, seed, options.percent)
        share, spent = run_once(workload, coming, options, seed)
        shares.append(share)
        total.ms += spent.ms
        total.cpu_ms += spent.cpu_ms
        pods += len(coming.pods)
    return {
        "gpu_allocation_pct": round(statistics.mean(shares), 3),
        "sd": round(statistics.stdev(shares), 3) if len(shares) > 1 else 0.0,
        "total_s": round(total.ms / 1000, 3),
        "cpu_s": round(total.cpu_ms / 1000, 3),
        "us_per_pod": round(1000 * total.ms / pods, 1),
    }


def measure(flags: argparse.Namespace) -> Metrics:
    workload = openb(flags.trace) if flags.trace else synthetic(flags.machines)
    options = Options(flags.policy, flags.seeds, flags.percent, flags.batch)
    if options.policy != "all":
        return sweep(workload, options)
    found: dict[str, float | int | str] = {}
    for policy in POLICIES:
        for metric, value in sweep(workload, options._replace(policy=policy)).items():
            found[f"{policy}_{metric}"] = value
    return {
        "gpu_allocation_pct": found["default_gpu_allocation_pct"],
        "total_s": round(sum(float(found[f"{policy}_total_s"]) for policy in POLICIES), 3),
        "cpu_s": round(sum(float(found[f"{policy}_cpu_s"]) for policy in POLICIES), 3),
        **found,
    }


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gpu", description=__doc__)
    parser.add_argument("--trace", type=Path, help="the directory of the openb trace's files")
    parser.add_argument("--machines", type=int, default=200, help="made-up ones, without a trace")
    parser.add_argument("--policy", choices=[*POLICIES, "all"], default="default")
    parser.add_argument("--seeds", type=int, default=10, help=f"so many, from {FIRST_SEED} on")
    parser.add_argument("--percent", type=int, default=130, help="of all GPUs, that pods ask for")
    parser.add_argument("--batch", type=int, default=0, help="pods of one pass; 0: all are")
    return parser


if __name__ == "__main__":
    run(flags(), measure)
