"""Limits: which means are chosen, and what is written to the kernel's files.

The v2 controls are written to a directory that looks like a cgroup tree: kernels that have their controllers in v1, as
those of hybrid machines, offer none to v2. `tests/integration/test_borglet_limits.py` shows real limits.
"""

import resource
from pathlib import Path

import pytest

from borgpy.borglet.cgroups import Mount, choose_limits, read_membership, read_mounts, reopen
from borgpy.borglet.limits import NoGroup, WatchedLimits, rlimits
from borgpy.borglet.limits_v1 import V1Limits
from borgpy.borglet.limits_v2 import V2Limits
from borgpy.model.resources import Resources

MIB = 1 << 20
LIMIT = Resources(cpu=250, ram=100 * MIB, disk=50 * MIB)


def v2_tree(root: Path, controllers: str = "cpu memory pids") -> Path:
    own = root / "user.slice"
    for folder in (own, own / "borg-x"):
        folder.mkdir(parents=True)
        (folder / "cgroup.controllers").write_text(controllers)
        (folder / "cgroup.subtree_control").write_text("")
    return own


def hybrid(root: Path) -> tuple[str, str]:
    """mountinfo and membership of a machine with memory and cpu in v1, and an empty v2."""
    for tree in ("memory", "cpu,cpuacct", "unified"):
        (root / tree / "me").mkdir(parents=True)
    mountinfo = f"""\
22 1 0:21 / /proc rw - proc proc rw
30 1 0:26 / {root}/unified rw,relatime shared:9 - cgroup2 cgroup2 rw
31 1 0:27 / {root}/memory rw,relatime shared:10 - cgroup cgroup rw,memory
32 1 0:28 / {root}/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
"""
    return mountinfo, "4:memory:/me\n3:cpu,cpuacct:/me\n0::/me\n"


def test_mounts_and_membership_are_read(tmp_path: Path) -> None:
    mountinfo, membership = hybrid(tmp_path)
    assert read_mounts(mountinfo) == [
        Mount("/", f"{tmp_path}/unified", 2, frozenset()),
        Mount("/", f"{tmp_path}/memory", 1, frozenset({"rw", "memory"})),
        Mount("/", f"{tmp_path}/cpu,cpuacct", 1, frozenset({"rw", "cpu", "cpuacct"})),
    ]
    assert read_membership(membership) == {
        "memory": "/me",
        "cpu": "/me",
        "cpuacct": "/me",
        "": "/me",
    }


def test_a_hybrid_machine_has_its_controllers_in_v1(tmp_path: Path) -> None:
    limits = choose_limits("borg-x", *hybrid(tmp_path))
    assert isinstance(limits, V1Limits)
    assert limits.words == "cgroup v1 (cpu, cpuacct, memory)"
    group = limits.create("a.web.0.1.1", LIMIT)
    memory, cpu = (
        tmp_path / "memory/me/borg-x/a.web.0.1.1",
        tmp_path / "cpu,cpuacct/me/borg-x/a.web.0.1.1",
    )
    assert (memory / "memory.limit_in_bytes").read_text() == str(100 * MIB)
    assert (cpu / "cpu.shares").read_text() == "256"
    assert group.procs_files() == [str(memory / "cgroup.procs"), str(cpu / "cgroup.procs")]
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    (memory / "memory.stat").write_text("cache 9\ntotal_rss 4096\n")
    (cpu / "cpuacct.usage").write_text("123456\n")
    again = reopen(group.directories)
    assert (again.oom_kills(), again.ram(), again.cpu_ns()) == (2, 4096, 123456)


def test_a_unified_machine_uses_v2(tmp_path: Path) -> None:
    own = v2_tree(tmp_path)
    mountinfo = f"30 1 0:26 / {tmp_path} rw,relatime - cgroup2 cgroup2 rw\n"
    limits = choose_limits("borg-x", mountinfo, "0::/user.slice\n")
    assert isinstance(limits, V2Limits)
    for name in ("pids.max", "cpu.weight", "memory.swap.max"):
        (own / "borg-x" / "a.web.0.1.1").mkdir(exist_ok=True)
        (own / "borg-x" / "a.web.0.1.1" / name).write_text("")
    group = limits.create("a.web.0.1.1", LIMIT)
    folder = own / "borg-x" / "a.web.0.1.1"
    written = {
        name: (folder / name).read_text()
        for name in ("memory.max", "memory.swap.max", "memory.oom.group", "cpu.weight", "pids.max")
    }
    assert written == {
        "memory.max": str(100 * MIB),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "cpu.weight": "25",
        "pids.max": "4096",
    }
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\noom_group_kill 1\n")
    (folder / "memory.stat").write_text("anon 8192\nfile 100\n")
    (folder / "cpu.stat").write_text("usage_usec 77\nuser_usec 70\n")
    again = reopen(group.directories)
    assert (again.oom_kills(), again.ram(), again.cpu_ns()) == (1, 8192, 77_000)
    assert again.procs_files() == [str(folder / "cgroup.procs")]


def test_a_container_sees_its_own_part_of_the_tree(tmp_path: Path) -> None:
    v2_tree(tmp_path)
    mountinfo = f"30 1 0:26 /docker/abc {tmp_path} rw - cgroup2 cgroup2 rw\n"
    limits = choose_limits("borg-x", mountinfo, "0::/docker/abc/user.slice\n")
    assert isinstance(limits, V2Limits)


@pytest.mark.parametrize("controllers", ["", "cpu pids"])
def test_without_the_memory_controller_memory_is_watched(tmp_path: Path, controllers: str) -> None:
    v2_tree(tmp_path, controllers)
    mountinfo = f"30 1 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n"
    assert isinstance(choose_limits("borg-x", mountinfo, "0::/user.slice\n"), WatchedLimits)
    assert isinstance(reopen([]), NoGroup)


def test_rlimits_bound_files_and_forbid_core_dumps() -> None:
    assert rlimits(LIMIT) == [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 50 * MIB)]
    assert rlimits(Resources()) == [(resource.RLIMIT_CORE, 0)]
