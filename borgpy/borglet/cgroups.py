"""Which cgroups this process is in, and which limits that allows."""

import os
from pathlib import Path

import msgspec

from borgpy.borglet.limits import Group, Limits, NoGroup, WatchedLimits, read_value
from borgpy.borglet.limits_v1 import V1Group, V1Limits
from borgpy.borglet.limits_v2 import UNIFIED, V2Group, V2Limits

_V1_CONTROLLERS: tuple[str, ...] = ("memory", "cpu", "cpuacct", "pids")


class Mount(msgspec.Struct, frozen=True):
    """A cgroup file system: the cgroup that its mount point shows, where, and with which controllers (v1)."""

    root: str
    point: str
    version: int
    controllers: frozenset[str]


def read_mounts(mountinfo: str) -> list[Mount]:
    """The cgroup mounts of a ``/proc/self/mountinfo``."""
    mounts = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        version = 1 if kind[0] == "cgroup" else 2
        options = frozenset(kind[2].split(",")) if version == 1 else frozenset[str]()
        mounts.append(Mount(fields[3], fields[4], version, options))
    return mounts


def read_membership(cgroup: str) -> dict[str, str]:
    """The path of this process by v1 controller, v2's under the empty name: a ``/proc/self/cgroup``."""
    paths = {}
    for line in cgroup.splitlines():
        number, controllers, path = line.split(":", 2)
        for controller in (
            controllers.split(",") if controllers else ([""] if number == "0" else [])
        ):
            paths[controller] = path
    return paths


def own_directory(mount: Mount, path: str) -> Path:
    """Where the cgroup ``path`` appears below ``mount``, which in a container may show a part of the tree only."""
    inside = os.path.relpath(path, mount.root) if path.startswith(mount.root) else "."
    return Path(mount.point) / inside


def choose_limits(name: str, mountinfo: str, cgroup: str) -> Limits:
    """The best means that this machine lets us use; groups are made below our own, in one called ``name``."""
    mounts, membership = read_mounts(mountinfo), read_membership(cgroup)
    for mount in mounts:
        if mount.version == 2 and "" in membership:
            own = own_directory(mount, membership[""])
            if "memory" in read_value(own, "cgroup.controllers").split():
                limits = V2Limits.set_up(own, name)
                if limits:
                    return limits
    parents: dict[str, Path] = {
        controller: own_directory(mount, membership[controller]) / name
        for mount in mounts
        for controller in _V1_CONTROLLERS
        if mount.version == 1 and controller in mount.controllers and controller in membership
    }
    return V1Limits.set_up(parents) or WatchedLimits()


def choose_limits_here(name: str) -> Limits:
    """`choose_limits` for the running process."""
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text()
        cgroup = Path("/proc/self/cgroup").read_text()
    except OSError:
        return WatchedLimits()
    return choose_limits(name, mountinfo, cgroup)


def reopen(directories: list[str]) -> Group:
    """The group that `Group.directories` described, also when limits are set up differently by now."""
    folders = {
        controller: Path(folder)
        for controller, _, folder in (entry.partition(":") for entry in directories)
    }
    if UNIFIED in folders:
        return V2Group(folders[UNIFIED])
    return V1Group(folders) if "memory" in folders else NoGroup()
