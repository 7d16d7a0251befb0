"""What tasks use of CPU, RAM and disk, sampled from their groups or from the trees of their processes."""

import os
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import psutil

from borgpy.borglet.facts import Instance, LimitReached
from borgpy.borglet.launch import Process
from borgpy.borglet.limits import out_of_disk, out_of_memory
from borgpy.model.orders import Usage

SAMPLE_SECONDS = 5
WATCH_SECONDS = 1
"""Where no group limits memory, it is looked at this often."""

ENTRIES_MOST = 200_000
"""A sandbox with more files than this is measured as far as that."""


class Tree(msgspec.Struct, frozen=True):
    """What a task's processes use together: CPU time since they started, and resident memory."""

    cpu_ns: int
    ram: int


class Sample(msgspec.Struct, frozen=True):
    """What a run had used at a moment of the steady clock."""

    run: int
    steady_ns: int
    cpu_ns: int
    ram: int
    disk: int
    oom_kills: int = 0


def sample(processes: Sequence[Process], steady_ns: int) -> dict[Instance, Sample]:
    """Measure every run. Walks directories, so it belongs in a thread."""
    trees = process_trees([p for p in processes if p.group.ram() is None])
    samples = {}
    for process in processes:
        tree = trees.get(process.task, Tree(0, 0))
        cpu_ns, ram = process.group.cpu_ns(), process.group.ram()
        samples[process.task] = Sample(
            run=process.run,
            steady_ns=steady_ns,
            cpu_ns=tree.cpu_ns if cpu_ns is None else cpu_ns,
            ram=tree.ram if ram is None else ram,
            disk=disk_use(str(process.work)),
            oom_kills=process.group.oom_kills(),
        )
    return samples


def usage_between(before: Sample | None, now: Sample) -> Usage:
    """CPU is the average since the sample before; without one of the same run it is not known yet."""
    cpu = 0
    if before is not None and before.run == now.run and now.steady_ns > before.steady_ns:
        used = max(now.cpu_ns - before.cpu_ns, 0)
        cpu = used * 1000 // (now.steady_ns - before.steady_ns)
    return Usage(cpu, now.ram, now.disk)


def over_limit(process: Process, now: Sample) -> LimitReached | None:
    """The limit that a run has reached. The kernel may have killed a part of it only, which is as good as the whole."""
    limit, reason = process.limit, ""
    if limit.ram > 0 and (now.oom_kills or (process.group.ram() is None and now.ram > limit.ram)):
        reason = out_of_memory(limit)
    elif 0 < limit.disk < now.disk:
        reason = out_of_disk(limit)
    return LimitReached(process.task, process.run, reason) if reason else None


def over_watched_memory(processes: Iterable[Process]) -> list[LimitReached]:
    """Of the runs that no group limits: those over their RAM limit."""
    watched = [p for p in processes if p.limit.ram > 0 and p.group.ram() is None]
    trees = process_trees(watched)
    return [
        LimitReached(process.task, process.run, out_of_memory(process.limit))
        for process in watched
        if trees[process.task].ram > process.limit.ram
    ]


def process_trees(processes: Sequence[Process]) -> dict[Instance, Tree]:
    """The trees below the runs' shims, from one look at all processes of the machine."""
    if not processes:
        return {}
    children: dict[int, list[int]] = {}
    use: dict[int, Tree] = {}
    for found in psutil.process_iter(["ppid", "memory_info", "cpu_times"]):
        times, memory = found.info["cpu_times"], found.info["memory_info"]
        if times and memory:
            children.setdefault(found.info["ppid"], []).append(found.pid)
            seconds = times.user + times.system
            use[found.pid] = Tree(int(seconds * 1e9), memory.rss)
    return {p.task: _sum_below(p.started.shim, children, use) for p in processes}


def _sum_below(root: int, children: Mapping[int, list[int]], use: Mapping[int, Tree]) -> Tree:
    cpu_ns = ram = 0
    waiting = list(children.get(root, ()))
    while waiting:
        pid = waiting.pop()
        cpu_ns, ram = cpu_ns + use[pid].cpu_ns, ram + use[pid].ram
        waiting += children.get(pid, ())
    return Tree(cpu_ns, ram)


def disk_use(folder: str) -> int:
    """Bytes on disk below ``folder``, which may change meanwhile; links are not followed, each file counts once."""
    total, entries = 0, 0
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting and entries < ENTRIES_MOST:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries += 1
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if (status.st_dev, status.st_ino) in seen:
                            continue
                        seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return total
