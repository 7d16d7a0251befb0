"""A real Borgmaster on a real PostgreSQL: the same cell after a kill, and no second leader."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.model.names import JobKey
from borgpy.model.spec import Package
from tests.builders import a_job, a_task_spec
from tests.fakes.postgres import PostgresMissing, running_postgres
from tests.fakes.processes import TOKENS, Served, a_served_borgmaster

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

BINARY = b"#!/bin/sh\nexec sleep 100\n"


@pytest.fixture
def database() -> Iterator[str]:
    try:
        with running_postgres("fsync=off") as server:
            yield server.create("cell")
    except PostgresMissing as error:
        pytest.skip(f"no PostgreSQL here: {error}")


def a_client(served: Served) -> BorgmasterClient:
    return BorgmasterClient(Endpoint(served.address, TOKENS["root"][0]))


def borgmaster(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "borgpy.cli.borgmaster", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_a_cell_on_postgresql_is_upgraded_by_hand_and_survives_kill_9(
    database: str, tmp_path: Path
) -> None:
    flags = ("--store", database)
    with (
        pytest.raises(AssertionError, match="borgmaster db upgrade"),
        a_served_borgmaster(tmp_path, *flags),
    ):
        pass
    upgraded = borgmaster("db", "upgrade", database)
    assert upgraded.returncode == 0, upgraded.stderr
    binary = tmp_path / "server"
    binary.write_bytes(BINARY)
    package = Package("server", hashlib.sha256(BINARY).hexdigest(), len(BINARY))
    spec = a_job("web", priority=0, task=a_task_spec(package=package))
    with a_served_borgmaster(tmp_path, *flags) as served:
        async with a_client(served) as client:
            await client.upload(package, binary)
            first = await client.submit(spec, request_id="once")
        served.process.kill()
        served.process.wait()
    with a_served_borgmaster(tmp_path, *flags) as served:
        async with a_client(served) as client:
            view = await client.job(JobKey("alice/web"))
            assert (view.version, view.pending) == (1, 3)
            assert await client.submit(spec, request_id="once") == first
            assert (await client.cell()).epoch == 2
            blob = b"".join([piece async for piece in client.checkpoint()])
            assert len(blob) > 500
