"""The policies that FGD was compared with, as plug-ins: formulas of the FGD authors' simulator (USENIX ATC'23).

A pod's score is a whole number from 0 to 100, the larger the better, and ties are frequent and matter: scores are
truncated as theirs are. ``kind0`` to ``kind8`` are made-up resources that tell which kinds of pods a machine has had.
"""

import numpy as np
from numpy.typing import NDArray

from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.plugins import Machines, Plugins

KINDS = tuple(f"kind{i}" for i in range(9))
"""0 for pods with a part of a GPU, else the number of their GPUs."""

PLENTY = 1_000_000

CPU, GPU = 128_000, 8_000
"""The largest machine of the trace: what shares are of."""

Floats = NDArray[np.float64]


def kind_of(gpus: int, millis: int) -> str:
    """Which kind of pod, for `clustering`; empty for those without a GPU."""
    if not gpus:
        return ""
    return KINDS[0] if millis < 1000 else KINDS[min(gpus, 8)]


def best_fit(machines: Machines, job: PendingJob) -> Floats:
    cpu = (machines.free["cpu"] - job.request.cpu) / CPU
    gpu = (_free(machines) - _millis(job)) / GPU
    return _scored((1.0 - (cpu * 0.5 + gpu * 0.5)) * 100)


def dot_product(machines: Machines, job: PendingJob) -> Floats:
    cpu = (machines.free["cpu"] / CPU) * (job.request.cpu / CPU)
    gpu = (_free(machines) / GPU) * (_millis(job) / GPU)
    return _scored((1.0 - (cpu + gpu) / 2) * 100)


def clustering(machines: Machines, job: PendingJob) -> Floats:
    """Machines that have had pods of the same kind, best if of no other; then those that have had none."""
    if not job.devices:
        return np.zeros(len(machines))
    had = np.array([machines.free[kind] < PLENTY for kind in KINDS])
    own = had[KINDS.index(kind_of(job.devices[0].count, job.devices[0].millis))]
    kinds = had.sum(axis=0)
    fuller = 25 * (GPU - _free(machines)) // GPU
    return _scored(fuller + np.where(own, np.where(kinds == 1, 75, 50), np.where(kinds, 0, 25)))


def packing(machines: Machines, job: PendingJob) -> Floats:
    """Shared GPUs first, the tightest; then free ones of machines in use; then machines not in use."""
    if not job.devices:
        return np.zeros(len(machines))
    free, device = machines.devices["gpu"], job.devices[0]
    whole = (free == 1000).sum(axis=1)
    unused = whole == (free >= 0).sum(axis=1)
    holds = (free > 0) & (free < 1000) & (free >= device.millis)
    tightest = np.where(holds, free, 1000).min(axis=1)
    shared = holds.any(axis=1) & (device.count == 1) & (device.millis < 1000)
    score = np.where(shared, np.maximum(100 - tightest // 10, 50), max(50 - device.count, 33))
    return _scored(np.where(unused, np.maximum(33 - whole, whole), score))


def _free(machines: Machines) -> NDArray[np.int64]:
    total: NDArray[np.int64] = np.maximum(machines.devices["gpu"], 0).sum(axis=1)
    return total


def _millis(job: PendingJob) -> int:
    return sum(device.amount() for device in job.devices)


def _scored(score: NDArray[np.number]) -> Floats:
    """0 to 100 as 0 to 1, in steps that floats and units hold exactly."""
    scored: Floats = np.trunc(score) / 128.0
    return scored


PUBLISHED: Plugins = {
    "best_fit": best_fit,
    "dot_product": dot_product,
    "clustering": clustering,
    "packing": packing,
}
