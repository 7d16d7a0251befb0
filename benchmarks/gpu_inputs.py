"""GPU machines and pods: those of Alibaba's openb trace, or made-up ones in their spirit, and the order pods arrive in."""

import csv
import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

MACHINES_FILE = "openb_node_list_gpu_node.csv.gz"
PODS_FILE = "openb_pod_list_default.csv.gz"
MIB = 1 << 20


class Machine(NamedTuple):
    """``cpu`` in milli-cores, ``ram`` in bytes."""

    cpu: int
    ram: int
    gpus: int
    model: str


class Pod(NamedTuple):
    """``gpus`` GPUs with ``millis`` thousandths each, of any of ``models``; none named: of any."""

    cpu: int
    ram: int
    gpus: int
    millis: int
    models: tuple[str, ...] = ()

    def gpu_millis(self) -> int:
        return self.gpus * self.millis


class Workload(NamedTuple):
    machines: tuple[Machine, ...]
    pods: tuple[Pod, ...]

    def gpu_millis(self) -> int:
        """All that there is."""
        return 1000 * sum(machine.gpus for machine in self.machines)


def openb(directory: Path) -> Workload:
    """The GPU machines and the default pods of cluster-trace-gpu-v2023, as the FGD authors' repository carries them."""
    machines = tuple(
        Machine(int(row["cpu_milli"]), int(row["memory_mib"]) * MIB, int(row["gpu"]), row["model"])
        for row in _rows(directory / MACHINES_FILE)
    )
    return Workload(machines, tuple(_pod(row) for row in _by_name(directory / PODS_FILE)))


def _by_name(path: Path) -> list[dict[str, str]]:
    return sorted(_rows(path), key=lambda row: row["name"])


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as lines:
        return list(csv.DictReader(lines))


def _pod(row: dict[str, str]) -> Pod:
    gpus = int(row["num_gpu"])
    models = tuple(row["gpu_spec"].split("|")) if row["gpu_spec"] else ()
    millis = int(row["gpu_milli"]) if gpus else 0
    return Pod(int(row["cpu_milli"]), int(row["memory_mib"]) * MIB, gpus, millis, models)


def synthetic(machines: int) -> Workload:
    """Machines and pods as openb's commonest are, in about its proportions."""
    made = [_MACHINES[i % len(_MACHINES)] for i in range(machines)]
    pods = [pod for pod, times in _PODS for _ in range(times * max(1, machines // 20))]
    return Workload(tuple(made), tuple(pods))


_GIB = 1 << 30
_MACHINES = (
    *[Machine(96_000, 384 * _GIB, 8, "G2")] * 9,
    *[Machine(104_000, 512 * _GIB, 2, "T4")] * 7,
    *[Machine(16_000, 120 * _GIB, 2, "P100")] * 2,
    Machine(128_000, 768 * _GIB, 8, "G3"),
    Machine(32_000, 128 * _GIB, 4, "V100M16"),
)
_PODS = (
    (Pod(3_152, 5_600 * MIB, 1, 810), 18),
    (Pod(11_400, 48 * _GIB, 1, 1000), 24),
    (Pod(3_152, 5_600 * MIB, 1, 1000), 8),
    (Pod(11_908, 46 * _GIB, 1, 470), 7),
    (Pod(8_000, 30 * _GIB, 1, 470), 6),
    (Pod(18_708, 63 * _GIB, 1, 1000), 5),
    (Pod(11_908, 46 * _GIB, 1, 650), 4),
    (Pod(12_500, 56 * _GIB, 0, 0), 6),
    (Pod(32_000, 48 * _GIB, 0, 0), 5),
    (Pod(8_000, 30 * _GIB, 0, 0), 5),
    (Pod(4_000, 23 * _GIB, 1, 320), 4),
    (Pod(4_000, 15 * _GIB, 1, 160), 2),
    (Pod(16_000, 64 * _GIB, 2, 1000, ("G2", "G3")), 1),
    (Pod(64_000, 256 * _GIB, 8, 1000), 1),
)


class Arrivals(NamedTuple):
    """Positions of pods in the order they come, and of machines in the order that a run draws for them."""

    pods: list[int]
    machines: list[int]


def arrivals(workload: Workload, seed: int, percent: int) -> Arrivals:
    """All pods, shuffled, then more of them drawn with replacement, until they ask for so many percent of all GPUs."""
    rng = np.random.default_rng(seed)
    asked = np.array([pod.gpu_millis() for pod in workload.pods])
    shuffled = rng.permutation(len(asked))
    wanted = workload.gpu_millis() * percent / 100
    further = rng.integers(0, len(asked), max(20_000, 2 * len(asked)))
    coming = np.concatenate([shuffled, further])
    number = int(np.searchsorted(np.cumsum(asked[coming]), wanted)) + 1
    return Arrivals(coming[:number].tolist(), rng.permutation(len(workload.machines)).tolist())
