"""What becomes of tasks that take more than their limits, with the kernel's help and without."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from borgpy.model.lifecycle import Phase
from borgpy.model.spec import Restart
from tests.integration.borglet_rig import MIB, a_borglet, a_spec, until

pytestmark = pytest.mark.slow

HOARDER = """\
#!/usr/bin/env python3
import os, time
if os.environ.get("BORG_REPLICA") == "1" and os.fork():
    os.wait()
    time.sleep(1000)
hoard = []
while True:
    hoard.append(bytearray(os.urandom(1 << 20)))
    time.sleep(0.002)
"""

FILLER = """\
#!/usr/bin/env python3
import time
for number in range(40):
    with open(f"piece{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
time.sleep(1000)
"""


@pytest.mark.parametrize("flags", [(), ("--no-cgroups",)], ids=["cgroups", "watched"])
async def test_a_task_over_its_ram_limit_is_killed_and_says_so(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """Replica 1 hoards in a child, whose death alone its parent would not have noticed."""
    async with a_borglet(tmp_path, *flags) as (borgmaster, _):
        package = borgmaster.package("hoarder", HOARDER)
        borgmaster.order(a_spec(package, ram=100 * MIB, restart=Restart.NEVER), 0, 1)
        tasks = await borgmaster.until(
            lambda tasks: [t.status.phase for t in tasks.values()] == [Phase.FAILED] * 2
        )
        for task in tasks.values():
            assert task.status.reason == "out of memory: limit 100 MiB reached"


async def test_a_task_over_its_disk_limit_is_killed_and_says_so(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        package = borgmaster.package("filler", FILLER)
        borgmaster.order(a_spec(package, disk=20 * MIB, restart=Restart.NEVER), 0)
        tasks = await borgmaster.until(lambda tasks: tasks[0].status.phase is Phase.FAILED)
        assert tasks[0].status.reason == "disk limit 20 MiB reached"


async def test_no_single_file_grows_beyond_the_disk_limit(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        script = "#!/bin/sh\nexec dd if=/dev/zero of=big bs=1M count=100 2>/dev/null\n"
        package = borgmaster.package("dd", script)
        borgmaster.order(a_spec(package, disk=10 * MIB, restart=Restart.NEVER), 0)
        tasks = await borgmaster.until(lambda tasks: tasks[0].status.phase is Phase.FAILED)
        assert tasks[0].status.reason == "disk limit 10 MiB reached"
        (big,) = borglet.data.glob("tasks/*/*/0/1/sandbox/big")
        assert big.stat().st_size == 10 * MIB


async def test_the_cgroups_of_tasks_that_are_gone_are_removed(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        if "cgroup v1" not in borglet_words(borglet.log()):
            await until(lambda: "limits are enforced by" in borglet.log())
        if "cgroup" not in borglet_words(borglet.log()):
            pytest.skip("this machine lets us have no cgroups")
        sleeper = a_spec(borgmaster.package("sleeper", "#!/bin/sh\nexec sleep 1000\n"))
        borgmaster.order(sleeper, 0)
        tasks = await borgmaster.until_alive(1)
        groups = cgroups_of(tasks[0].status.pid)
        assert groups
        await borglet.kill()
        stray = groups[0].with_name("alice.gone.0.1.1")
        stray.mkdir()
        await borglet.start()
        await borgmaster.until_alive(1)
        assert not stray.exists()
        assert all(group.exists() for group in groups)
        borgmaster.withdraw(0)
        await borgmaster.until(lambda tasks: not tasks)
        assert not any(group.exists() for group in groups)


def borglet_words(log: str) -> str:
    found = re.search(r"limits are enforced by (.*)", log)
    return found[1] if found else ""


def cgroups_of(pid: int) -> list[Path]:
    """The Borglet's groups that a process is in, found by asking the tree of each controller."""
    text = subprocess.run(
        [sys.executable, "-c", f"print(open('/proc/{pid}/cgroup').read())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = []
    for line in text.split():
        _, controllers, path = line.split(":", 2)
        if "/borg-" in path:
            found += list(Path("/sys/fs/cgroup").glob(f"{controllers or '*'}{path}"))
    return found
