"""How many of a cell's GPUs are put to use when more arrive than there are: the experiment of FGD (USENIX ATC'23).

Pods arrive one by one, until they have asked for 130 % of all GPUs; none leaves, and one that fits nowhere is dropped.
They are the pending jobs of one scheduling pass, in the order of arrival. ``default`` is what every cell uses. The other
policies are the published ones, with the published tie-break: machines get a number at random and are gone through in
that order. ``random`` takes the first machine that fits from a random one on. Which GPU of the machine a pod gets is
always the scheduler's choice, the tightest; as published, ``random`` would draw that too, and ``fgd`` would choose by F.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.frame import Metrics, Stopwatch, run
from benchmarks.gpu_inputs import Arrivals, Machine, Pod, Workload, arrivals, openb, synthetic
from benchmarks.gpu_published import KINDS, PLENTY, PUBLISHED, kind_of
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import job_key
from borgpy.model.plan import Plan
from borgpy.model.policy import Order, Packing, Part, Policy
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot

POLICIES = ("random", "dot_product", "clustering", "packing", "best_fit", "fgd", "default")
FIRST_SEED = 42
USER = "alice"
ONLY_PLUGINS = (Part(Packing.NONE, 100),)


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


def snapshot_of(workload: Workload, coming: Arrivals, name: str) -> Snapshot:
    """An empty cell, and all pods waiting."""
    drawn = range(len(workload.machines)) if name == "default" else coming.machines
    machines = [
        _machine(f"m{number:05}", workload.machines[position], name)
        for number, position in enumerate(drawn)
    ]
    jobs = [_job(number, pod, name) for number, pod in enumerate(workload.pods)]
    first: dict[Pod, PendingJob] = {}
    alike = [first.setdefault(pod, job) for pod, job in zip(workload.pods, jobs, strict=True)]
    pending = [
        msgspec.structs.replace(alike[position], indexes=(number,))
        for number, position in enumerate(coming.pods)
    ]
    columns = Columns()
    columns.update(machines)
    return columns.snapshot(1, pending)


def _machine(name: str, machine: Machine, policy: str) -> MachineFacts:
    kinds = dict.fromkeys(KINDS, PLENTY) if policy == "clustering" else {}
    capacity = Resources(machine.cpu, machine.ram, 0, 0, kinds)
    offer = DeviceOffer(machine.gpus, model=machine.model)
    return MachineFacts(name, capacity, NOTHING, devices=(offer,) if machine.gpus else ())


def _job(number: int, pod: Pod, policy: str) -> PendingJob:
    """Equal pods are tasks of one job; each task waits for itself, so that they come in the order of arrival."""
    kind = kind_of(pod.gpus, pod.millis) if policy == "clustering" else ""
    device = DeviceRequest(pod.gpus, pod.millis, models=pod.models)
    return PendingJob(
        job=job_key(USER, f"pod{number:06}"),
        user=USER,
        priority=100,
        request=Resources(pod.cpu, pod.ram, 0, 0, {kind: 1} if kind else {}),
        spec="pod",
        indexes=(),
        devices=(device,) if pod.gpus else (),
    )


def allocated(workload: Workload, snapshot: Snapshot, plan: Plan) -> float:
    """The percentage of all GPUs, in thousandths of each, that placed pods hold."""
    of_job = {job.job: sum(device.amount() for device in job.devices) for job in snapshot.pending}
    held = sum(of_job[placement.job] for placement in plan.placements)
    return 100 * held / workload.gpu_millis()


def sweep(workload: Workload, policy: str, seeds: Sequence[int], percent: int) -> Metrics:
    """One pass for each seed. Times are of the passes alone; ``cpu_s`` is what the processor spent on them."""
    shares, times, pods, busy = [], [], 0, 0.0
    for seed in seeds:
        coming = arrivals(workload, seed, percent)
        snapshot = snapshot_of(workload, coming, policy)
        watch = Stopwatch()
        busy -= time.process_time()
        plan = schedule_pass(snapshot, policy_of(policy), seed, plugins=PUBLISHED)
        times.append(watch.ms())
        busy += time.process_time()
        shares.append(allocated(workload, snapshot, plan))
        pods += len(coming.pods)
    return {
        "gpu_allocation_pct": round(statistics.mean(shares), 3),
        "sd": round(statistics.stdev(shares), 3) if len(shares) > 1 else 0.0,
        "total_s": round(sum(times) / 1000, 3),
        "cpu_s": round(busy, 3),
        "us_per_pod": round(1000 * sum(times) / pods, 1),
    }


def measure(options: argparse.Namespace) -> Metrics:
    workload = openb(options.trace) if options.trace else synthetic(options.machines)
    seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
    if options.policy != "all":
        return sweep(workload, options.policy, seeds, options.percent)
    found: dict[str, float | int | str] = {}
    for policy in POLICIES:
        for metric, value in sweep(workload, policy, seeds, options.percent).items():
            found[f"{policy}_{metric}"] = value
    spent = [float(found[f"{policy}_total_s"]) for policy in POLICIES]
    best = float(found["default_gpu_allocation_pct"])
    busy = [float(found[f"{policy}_cpu_s"]) for policy in POLICIES]
    return {
        "gpu_allocation_pct": best,
        "total_s": round(sum(spent), 3),
        "cpu_s": round(sum(busy), 3),
        **found,
    }


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gpu", description=__doc__)
    parser.add_argument("--trace", type=Path, help="the directory of the openb trace's files")
    parser.add_argument("--machines", type=int, default=200, help="made-up ones, without a trace")
    parser.add_argument("--policy", choices=[*POLICIES, "all"], default="default")
    parser.add_argument("--seeds", type=int, default=10, help=f"so many, from {FIRST_SEED} on")
    parser.add_argument("--percent", type=int, default=130, help="of all GPUs, that pods ask for")
    return parser


if __name__ == "__main__":
    run(flags(), measure)
