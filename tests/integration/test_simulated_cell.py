"""Thousands of simulated machines behind the real protocol: nothing is lost in the crowd."""

import asyncio
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.model.api import JobView
from borgpy.model.spec import Package
from tests.builders import a_job, a_task_spec
from tests.fakes.processes import TOKENS, Served, a_borglet, a_served_borgmaster

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

BINARY = b"#!/bin/sh\nexec sleep 100\n"
PATIENCE_SECONDS = 90.0


@contextmanager
def a_simulated_cell(folder: Path, *flags: str) -> Iterator[Served]:
    """A Borgmaster and its simulated machines, polled every second."""
    with (
        a_served_borgmaster(folder, "--poll-interval-ms", "1000") as served,
        a_borglet(served, folder, *flags),
    ):
        yield served


def a_client(served: Served, user: str = "root") -> BorgmasterClient:
    return BorgmasterClient(Endpoint(served.address, TOKENS[user][0]))


async def machines_up(client: BorgmasterClient, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await client.cell()).machines.get("up", 0) < count:
        assert time.monotonic() < deadline, (await client.cell()).machines
        await asyncio.sleep(0.1)


async def until(client: BorgmasterClient, key: str, wanted: str, count: int) -> JobView:
    deadline = time.monotonic() + PATIENCE_SECONDS
    view = await client.job(key)  # type: ignore[arg-type]
    while getattr(view, wanted) < count:
        assert time.monotonic() < deadline, view.summary
        view = await client.job(view.key, after=view.seq, wait_ms=1000)
    return view


async def test_the_lectures_ten_thousand_replicas_all_run(tmp_path: Path) -> None:
    with a_simulated_cell(tmp_path, "--simulate", "10000") as served:
        async with a_client(served) as client:
            await machines_up(client, 10_000)
            binary = tmp_path / "server"
            binary.write_bytes(BINARY)
            package = Package("server", _sha256(BINARY), len(BINARY))
            await client.upload(package, binary)
            asking = asyncio.create_task(ask_for_health(served.address))
            task = a_task_spec(package=package)
            await client.submit(a_job("hello_world", replicas=10_000, priority=0, task=task))
            view = await until(client, "alice/hello_world", "running", 10_000)
            assert (view.running, view.pending) == (10_000, 0)
            tasks = await client.tasks(view.key)
            assert len({(task.machine, task.ports["port"]) for task in tasks}) == 10_000
            asking.cancel()
            (asked,) = await asyncio.gather(asking, return_exceptions=True)
            assert isinstance(asked, asyncio.CancelledError), "every question was answered"
            await client.stop(view.key)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while (await client.job(view.key)).phases:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.2)
            assert (await client.cell()).used.cpu == 0


async def test_a_thousand_addresses_are_all_polled(tmp_path: Path) -> None:
    with a_simulated_cell(tmp_path, "--simulate", "1000", "--separate-ports") as served:
        async with a_client(served) as client:
            await machines_up(client, 1000)
            machines = await client.machines()
            assert len({machine.address for machine in machines}) == 1000
            headers = {"Authorization": f"Bearer {TOKENS['root'][0]}"}
            async with aiohttp.ClientSession(headers=headers) as http:
                deadline = time.monotonic() + PATIENCE_SECONDS
                while await answered_polls(http, served.address) < 3000:
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.2)
            assert (await client.cell()).machines == {"up": 1000}


async def ask_for_health(address: str) -> None:
    """Ask again and again; an unanswered question ends this."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        while True:
            async with http.get(f"{address}/healthz") as response:
                assert response.status == 200
            await asyncio.sleep(0.02)


async def answered_polls(http: aiohttp.ClientSession, address: str) -> float:
    async with http.get(f"{address}/metrics") as response:
        text = await response.text()
    line = next(
        (x for x in text.splitlines() if x.startswith('borg_polls_total{outcome="ans')), "0"
    )
    return float(line.split()[-1])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
