"""A machine that falls silent and comes back: its tasks run elsewhere meanwhile, and never twice for long."""

import asyncio
import hashlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.model.api import TaskView
from borgpy.model.names import JobKey
from borgpy.model.spec import Package
from borgpy.shipped import shipped
from tests.builders import a_job, a_task_spec
from tests.fakes.processes import TOKENS, a_borglet, a_served_borgmaster

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

WEB = JobKey("alice/web")
PATIENCE_SECONDS = 40.0


async def eventually(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {what}"
        await asyncio.sleep(0.1)


async def answers(url: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        try:
            async with http.get(url) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


async def running_on(client: BorgmasterClient, machine: str) -> list[TaskView]:
    return [t for t in await client.tasks(WEB) if t.machine == machine and t.url]


async def test_a_silent_machines_tasks_run_elsewhere_and_its_duplicates_are_stopped(
    tmp_path: Path,
) -> None:
    flags = ("--poll-interval-ms", "100", "--lost-after-ms", "600")
    room = ("--cpu", "1000", "--ram", str(1 << 30), "--disk", str(1 << 30))
    with (
        a_served_borgmaster(tmp_path / "master", *flags) as served,
        a_borglet(served, tmp_path / "a", "--name", "a", *room) as first,
    ):
        async with BorgmasterClient(Endpoint(served.address, TOKENS["root"][0])) as client:
            binary = shipped("jobspecs") / "hello_world_webserver"
            content = binary.read_bytes()
            package = Package(binary.name, hashlib.sha256(content).hexdigest(), len(content))
            await client.upload(package, binary)
            task = a_task_spec(package=package)
            await client.submit(a_job("web", replicas=2, priority=0, task=task))

            async def both_run_on_a() -> bool:
                return len(await running_on(client, "a")) == 2

            await eventually("both tasks run on a", both_run_on_a)
            before = await running_on(client, "a")
            with a_borglet(served, tmp_path / "b", "--name", "b", *room):
                await one_falls_silent(client, first.pid, before)
                first.send_signal(signal.SIGCONT)

                async def a_is_back() -> bool:
                    return (await client.machine("a")).state.value == "up"

                await eventually("a is up again", a_is_back)
                for old in before:
                    assert not await answers(old.url), "the duplicate is stopped"
                after = await client.tasks(WEB)
                assert {task.machine for task in after} == {"b"}

                async def all_answer() -> bool:
                    return all([await answers(task.url) for task in after])

                await eventually("the tasks on b answer", all_answer)
                story = [event.text async for event in client.events(job=WEB)]
                assert any("machine a was lost" in text for text in story)


async def one_falls_silent(client: BorgmasterClient, pid: int, before: list[TaskView]) -> None:
    """The Borglet hangs: its tasks serve on, and others take their place on b."""
    os.kill(pid, signal.SIGSTOP)

    async def both_run_on_b() -> bool:
        return len(await running_on(client, "b")) == 2

    await eventually("both tasks run on b", both_run_on_b)
    assert (await client.machine("a")).state.value == "lost"
    assert all([await answers(task.url) for task in before]), "nobody could stop them"
