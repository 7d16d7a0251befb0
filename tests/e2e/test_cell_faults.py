"""What befalls a cell on one machine: both processes killed, its port taken, a database of the future, a greedy task."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from socket import create_server, socket
from urllib.parse import urlsplit

import psutil
import pytest

from borgpy.cli.embedded import Recorded
from borgpy.cli.embedded_start import borglet_process, borgmaster_process
from borgpy.store.migrate import VERSION_TABLE
from tests.e2e.cells import TestCell, Watch, job_file, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

GREEDY = """\
#!/usr/bin/env python3
import time
time.sleep(0.5)
held = bytearray(400 << 20)
for at in range(0, len(held), 4096):
    held[at] = 1
time.sleep(1000)
"""


def kill_both(recorded: Recorded) -> None:
    """What a person sees who finds the machine's cell gone, and its tasks alive."""
    for pid in (recorded.borgmaster_pid, recorded.borglet_pid):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not borgmaster_process(recorded).is_alive(), "the Borgmaster's end")
    until(lambda: not borglet_process(recorded).is_alive(), "the Borglet's end")


def test_only_loopback_is_listened_to_and_secrets_are_private(
    cell: TestCell, tmp_path: Path
) -> None:
    cell.run("up", job_file(tmp_path, "web"))
    listening = [
        connection.laddr.ip
        for process in cell.processes()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert set(listening) == {"127.0.0.1"}
    layout = cell.layout
    for secret in (layout.tokens, layout.token, layout.join_token, layout.credential):
        assert secret.stat().st_mode & 0o777 == 0o600, secret
    assert layout.root.stat().st_mode & 0o077 == 0


def test_both_killed_at_once_come_back_with_the_next_up(cell: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "web")
    cell.run("up", file)
    before = cell.until_healthy("web", 2)
    with Watch([task.url for task in before]) as watch:
        kill_both(cell.record())
        again = cell.run("up", file)
        after = cell.until_healthy("web", 2)
    watch.check()
    assert "nothing to change" in again.err
    assert [(t.pid, t.url, t.restarts) for t in after] == [
        (t.pid, t.url, t.restarts) for t in before
    ]


def test_a_port_that_somebody_took_meanwhile_is_left_to_them(
    cell: TestCell, tmp_path: Path
) -> None:
    cell.run("up", job_file(tmp_path, "web"))
    before, recorded = cell.until_healthy("web", 2), cell.record()
    os.kill(recorded.borgmaster_pid, signal.SIGKILL)
    until(lambda: not borgmaster_process(recorded).is_alive(), "the Borgmaster's end")
    with until(lambda: _take(urlsplit(recorded.address).port or 0), "the port free for others"):
        cell.run("cell", "start")
        assert cell.record().address != recorded.address
        after = cell.until_healthy("web", 2)
    assert [(t.pid, t.url, t.restarts) for t in after] == [
        (t.pid, t.url, t.restarts) for t in before
    ]
    (machine,) = cell.run("machine", "list", "-o", "name").out.split()
    assert machine == recorded.machine


def test_a_database_of_a_newer_release_is_refused_and_left_as_it_is(
    cell: TestCell, tmp_path: Path
) -> None:
    cell.run("up", job_file(tmp_path, "web"))
    history = cell.events()
    cell.run("cell", "stop")
    database = cell.layout.master / "cell.sqlite"
    present = _set_revision(database, "v9999")
    try:
        refused = cell.try_("cell", "start")
    finally:
        left = _set_revision(database, present)
    assert refused.code == 1, refused.all
    assert (
        f"{database} is at revision v9999, this release knows them up to {present}" in refused.err
    )
    assert "install the release that wrote revision v9999" in refused.err
    assert "Traceback" not in refused.err
    assert left == "v9999"
    cell.run("cell", "start")
    cell.until_healthy("web", 2)
    assert cell.events()[: len(history)] == history


def test_a_task_over_its_ram_limit_is_killed_and_its_status_says_so(
    cell: TestCell, tmp_path: Path
) -> None:
    file = job_file(tmp_path, "greedy", replicas=1, args="", more="", binary="./greedy")
    file.write_text(file.read_text().replace("ram = 64M", "ram = 100Mi"))
    (tmp_path / "greedy").write_text(GREEDY)
    (tmp_path / "greedy").chmod(0o755)
    cell.run("up", file, "--detach")
    words = "out of memory: limit 100 MiB reached"
    until(lambda: words in cell.run("status", "greedy").out, words)
    assert words in cell.run("why", "greedy/0").out
    assert words in "\n".join(event.text for event in cell.events("greedy"))
    cell.run("down", "greedy")


def _take(port: int) -> socket | None:
    """Listen there; nothing while the last of a killed process's threads still holds it."""
    try:
        return create_server(("127.0.0.1", port))
    except OSError:
        return None


def _set_revision(database: Path, revision: str) -> str:
    """Make the database say that it is of another release; what it said before."""
    with closing(sqlite3.connect(database)) as connection, connection:
        (before,) = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = ?", (revision,))
        return str(before)
