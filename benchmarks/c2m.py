"""Two million containers (Nomad's C2M): how long until all of them are decided, and then journalled and applied.

The work is Nomad's: 2,000 jobs of 1,000 tasks in 10 classes on 6,100 machines. Everything goes the way of the live cell: the
same `Committer` appends to an SQLite journal on disk and applies, the same kept columns give the snapshot, and the plan
is cut into entries as the scheduler's loop cuts it. History is written behind the commit's back there and not at all
here. ``loop_max_ms`` and ``loop_p99_ms`` tell for how long the event loop was held while all this was committed.
"""

import argparse
import asyncio
import gc
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from benchmarks.frame import Metrics, Stopwatch, run
from borgpy.clock import SystemClock
from borgpy.master.borgmaster import Borgmaster
from borgpy.master.snapshots import Snapshots
from borgpy.model.cell import Cell
from borgpy.model.events import Record
from borgpy.model.machine import MachineSpec
from borgpy.model.operations import JoinMachines, Operation, SetQuota, SubmitJob
from borgpy.model.policy import Policy
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.resources import Resources
from borgpy.model.spec import JobSpec, Package, Restart, TaskSpec
from borgpy.scheduling.schedule import schedule_pass
from borgpy.server.commit import Committer
from borgpy.server.main import GC_THRESHOLDS, SWITCH_SECONDS
from borgpy.server.plan_entries import MAX_PLACEMENTS, commit_plan
from borgpy.server.recovery import lead
from borgpy.store.open import open_store

CELL = "ic"
MIB = 1 << 20
GIB = 1 << 30
CLASSES = 10
USERS = 20
MACHINE = Resources(cpu=64_000, ram=256 * GIB, disk=4000 * GIB, ports=12_000)
BOUNDLESS = Resources(cpu=1 << 50, ram=1 << 60, disk=1 << 60, ports=1 << 40)
BEAT_SECONDS = 0.001
JOBS_AT_ONCE = 100


def the_machines(count: int) -> Iterator[MachineSpec]:
    return (MachineSpec(f"m{n:06}", f"http://127.0.0.1:1/{n}", MACHINE) for n in range(count))


def the_jobs(jobs: int, tasks: int) -> Iterator[JobSpec]:
    """``jobs`` jobs of ``tasks`` tasks each; from class to class they take more CPU and less memory.

    At Nomad's size they fill 56 % of the cores and 69 % of the memory.
    """
    for number in range(jobs):
        shape = number % CLASSES
        request = Resources(20 * (shape + 1), (CLASSES - shape) * 100 * MIB, 100 * MIB)
        task = TaskSpec(
            Package("server", "ab" * 32, 1234), requirements=request, restart=Restart.NEVER
        )
        yield JobSpec(f"job{number:05}", f"user{number % USERS}", CELL, task, tasks)


class Rig:
    """A Borgmaster that leads a cell of its own on an SQLite store, and nobody asks anything of it by HTTP."""

    def __init__(self, folder: Path) -> None:
        self._store = open_store(folder / "cell.sqlite")
        self.master = Borgmaster(Cell(CELL))
        self.snapshots = Snapshots(self.master)
        self.clock = SystemClock()
        epoch, _ = lead(self._store, self.master, "bench:1:1", self.clock)
        self.committer = Committer(
            self.master, self._store.journal, epoch, self.clock, self._applied
        )
        self.told = 0

    def _applied(self, _seq: int, records: Sequence[Record]) -> None:
        self.told += len(records)

    async def found(self, machines: int) -> None:
        """Give the cell its machines, and its users quota without bounds."""
        await self._commit(
            [JoinMachines(at=0, by="bench", machines=tuple(the_machines(machines)))]
            + [
                SetQuota(at=0, by="bench", quota=Quota(f"user{n}", Band.BATCH, BOUNDLESS))
                for n in range(USERS)
            ]
        )

    async def submit(self, jobs: int, tasks: int) -> float:
        """Submit ``jobs`` jobs of ``tasks`` tasks together; how many seconds it took."""
        watch = Stopwatch()
        specs = the_jobs(jobs, tasks // jobs)
        while some := list(islice(specs, JOBS_AT_ONCE)):
            await self._commit([SubmitJob(at=0, by=spec.user, spec=spec) for spec in some])
        return seconds(watch)

    def running(self) -> int:
        return sum(len(room.charges) for room in self.master.cell.occupancy.values())

    async def _commit(self, operations: Sequence[Operation]) -> None:
        await asyncio.gather(*map(self.committer.commit, operations))

    def close(self) -> None:
        self._store.close()


async def beat(gaps: list[float]) -> None:
    """Keep for how many milliseconds nobody else had a turn, again and again."""
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(BEAT_SECONDS)
        gaps.append(1000 * (time.perf_counter() - asked - BEAT_SECONDS))


async def measure_all(options: argparse.Namespace, rig: Rig) -> Metrics:
    committing = asyncio.create_task(rig.committer.run())
    await rig.found(options.machines)
    found: dict[str, float | int] = {"submit_s": await rig.submit(options.jobs, options.tasks)}
    found["submit_rss_mb"] = peak_mb()
    gc.collect()
    gc.freeze()  # as a Borgmaster does that has recovered this cell

    watch = Stopwatch()
    snapshot = rig.snapshots.take(rig.clock.now())
    found["snapshot_s"] = seconds(watch)
    watch = Stopwatch()
    plan = await asyncio.to_thread(schedule_pass, snapshot, Policy(), 1)
    found["schedule_s"] = seconds(watch)
    del snapshot

    gaps: list[float] = []
    beating = asyncio.create_task(beat(gaps))
    watch = Stopwatch()
    stale = await commit_plan(plan, rig.committer.commit, options.batch)
    found["commit_s"] = seconds(watch)
    beating.cancel()
    committing.cancel()
    placed, running = len(plan.placements), rig.running()
    if stale or running != placed:
        raise SystemExit(f"{placed:,} tasks were placed, {stale:,} did not hold, {running:,} run")
    return found | {
        "commit_us_per_task": round(1e6 * found["commit_s"] / max(1, placed), 2),
        "loop_max_ms": round(max(gaps), 2),
        "loop_p99_ms": round(sorted(gaps)[int(len(gaps) * 0.99)], 2),
        "peak_rss_mb": peak_mb(),
        "placed": placed,
        "unplaced": sum(len(unplaced.indexes) for unplaced in plan.unplaced),
    }


def seconds(watch: Stopwatch) -> float:
    return round(watch.ms() / 1000, 3)


def peak_mb() -> int:
    """The most memory this process ever had, in megabytes of 10^6 bytes."""
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kibibytes * 1024 / 1e6)


@contextmanager
def the_pace_of_a_borgmaster() -> Iterator[None]:
    """The collector and the threads as `borgpy.server.main` sets them."""
    thresholds, switch = gc.get_threshold(), sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(switch)


def measure(options: argparse.Namespace) -> Metrics:
    with the_pace_of_a_borgmaster(), tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder))
        try:
            return asyncio.run(measure_all(options, rig))
        finally:
            rig.close()


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("c2m", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--tasks", type=int, default=2_000_000, help="of all jobs together")
    parser.add_argument("--machines", type=int, default=6_100)
    parser.add_argument(
        "--batch", type=int, default=MAX_PLACEMENTS, help="placements in one journal entry"
    )
    return parser


if __name__ == "__main__":
    run(flags(), measure)
