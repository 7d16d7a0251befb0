"""A real Borgmaster in trouble: a full disk, a database it does not know, a port that is taken, another's cell."""

import hashlib
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from borgpy.model.spec import JobSpec, Package
from tests.builders import a_job, a_task_spec
from tests.fakes.processes import TOKENS, Served, a_served_borgmaster, write_secrets

pytestmark = pytest.mark.slow

BINARY = b"#!/bin/sh\nexec sleep 100\n"
DIGEST = hashlib.sha256(BINARY).hexdigest()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes, where this machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs root: {mounted.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def a_spec(name: str, *, args: int = 0) -> JobSpec:
    task = a_task_spec(
        package=Package("server", DIGEST, len(BINARY)), args={"x": "y" * args}, ports=()
    )
    return a_job(name, replicas=1, priority=0, task=task)


async def put(
    http: aiohttp.ClientSession, served: Served, path: str, body: bytes
) -> tuple[int, str]:
    async with http.put(served.address + path, data=body) as response:
        return response.status, await response.text()


def borgmaster(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """One that is expected not to start."""
    folder.mkdir(exist_ok=True)
    tokens, credential = write_secrets(folder)
    given = {
        "--cell": "ic",
        "--data": str(folder / "data"),
        "--listen": "127.0.0.1:0",
        "--tokens": str(tokens),
        "--credential": str(credential),
    } | dict(zip(flags[::2], flags[1::2], strict=True))
    command = [sys.executable, "-m", "borgpy.cli.borgmaster"]
    for flag, value in given.items():
        command += [flag, value]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


async def test_a_full_disk_answers_507_and_takes_writes_again_when_there_is_room(
    small_disk: Path,
) -> None:
    headers = {"Authorization": f"Bearer {TOKENS['alice'][0]}"}
    with a_served_borgmaster(small_disk) as served:
        async with aiohttp.ClientSession(headers=headers) as http:
            assert (await put(http, served, f"/v1/packages/{DIGEST}", BINARY))[0] == 201
            ballast = small_disk / "ballast"
            ballast.write_bytes(b"x" * (small_disk_free(small_disk) - 300_000))
            statuses, taken = [], []
            for number in range(60):
                spec = a_spec(f"job{number}", args=20_000)
                body = msgspec.json.encode(spec)
                status, text = await put(http, served, f"/v1/jobs/{spec.key}", body)
                statuses.append(status)
                if status == 200:
                    taken.append(spec.key)
                if status == 507:
                    break
            assert statuses[-1] == 507, statuses
            assert '"code":"store_full"' in text
            assert "hint" in text
            async with http.get(served.address + "/healthz") as response:
                assert response.status == 503
                assert "full" in (await response.json())["trouble"]
            async with http.get(served.address + "/v1/jobs") as response:
                assert sorted(job["key"] for job in await response.json()) == sorted(taken)
            whole = b"z" * 400_000
            digest = hashlib.sha256(whole).hexdigest()
            assert (await put(http, served, f"/v1/packages/{digest}", whole))[0] == 507
            ballast.unlink()
            assert (await put(http, served, f"/v1/packages/{digest}", whole))[0] == 201
            body = msgspec.json.encode(a_spec("after"))
            assert (await put(http, served, "/v1/jobs/alice/after", body))[0] == 200
            async with http.get(served.address + "/healthz") as response:
                assert response.status == 200
    with a_served_borgmaster(small_disk) as served:
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(served.address + "/v1/jobs") as response,
        ):
            found = sorted(job["key"] for job in await response.json())
            assert found == sorted([*taken, "alice/after"])


def small_disk_free(disk: Path) -> int:
    room = os.statvfs(disk)
    return room.f_bavail * room.f_frsize


def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    with a_served_borgmaster(tmp_path):
        pass
    place = tmp_path / "data" / "cell.sqlite"
    with sqlite3.connect(place) as database:
        database.execute("UPDATE alembic_version_cell SET version_num = '9999'")
        before = database.execute("SELECT * FROM journal").fetchall()
    database.close()
    done = borgmaster(tmp_path)
    assert done.returncode == 1
    assert "revision 9999" in done.stderr
    assert "hint:" in done.stderr
    with sqlite3.connect(place) as database:
        assert before
        assert database.execute("SELECT * FROM journal").fetchall() == before
    database.close()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = borgmaster(tmp_path, "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"cannot listen at 127.0.0.1:{port}" in done.stderr
    assert "hint:" in done.stderr


def test_beyond_loopback_it_wants_a_certificate(tmp_path: Path) -> None:
    done = borgmaster(tmp_path, "--listen", "0.0.0.0:0")
    assert done.returncode == 1
    assert "--tls-cert" in done.stderr


def test_the_database_of_another_cell_is_refused(tmp_path: Path) -> None:
    with a_served_borgmaster(tmp_path):
        pass
    done = borgmaster(tmp_path, "--cell", "xx")
    assert done.returncode == 1
    assert "belongs to cell 'ic'" in done.stderr


def test_a_tokens_file_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('[{"user": "alice"}]')
    done = borgmaster(tmp_path, "--tokens", str(broken))
    assert done.returncode == 1
    assert str(broken) in done.stderr
    assert "sha256" in done.stderr
