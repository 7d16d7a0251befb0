"""kill -9 of the Borgmaster: tasks serve on, and it comes back with everything it had acknowledged."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

from borgpy.cli.embedded_start import borgmaster_process
from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint, Retries
from borgpy.clock import new_seed, seeded
from borgpy.errors import Unreachable
from borgpy.model import events as e
from borgpy.model.api import EventView
from borgpy.model.names import JobKey
from borgpy.model.refusal import Accepted
from borgpy.model.spec import JobSpec, Package
from tests.builders import a_job, a_task_spec
from tests.e2e.cells import TestCell, Watch, job_file, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLINGS = 22
CLIENTS = 4
JOBS = 8
TOKEN = "token-of-alice"


def kill_borgmaster(cell: TestCell) -> int:
    pid = cell.record().borgmaster_pid
    assert "borgpy.cli.borgmaster" in psutil.Process(pid).cmdline()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not borgmaster_process(cell.record()).is_alive() or None, "the Borgmaster's end")
    return pid


def test_tasks_serve_on_and_the_cell_comes_back_as_it_was(cell: TestCell, tmp_path: Path) -> None:
    cell.run("up", job_file(tmp_path, "web", replicas=3))
    before, job, history = cell.until_healthy("web", 3), cell.job("web"), cell.events()
    with Watch([task.url for task in before]) as watch:
        killed = kill_borgmaster(cell)
        gone = cell.try_("status", "web")
        assert gone.code == 7, gone.all
        assert "borgcfg cell start" in gone.err
        started = cell.run("cell", "start")
        assert "starting the Borgmaster" in started.err
        after = cell.until_healthy("web", 3)
    watch.check()
    assert cell.record().borgmaster_pid not in (0, killed)
    assert [(t.index, t.pid, t.url, t.incarnation, t.restarts, t.since) for t in after] == [
        (t.index, t.pid, t.url, t.incarnation, t.restarts, t.since) for t in before
    ]
    same = ("key", "spec", "version", "by", "submitted_at", "phases", "running", "healthy")
    again = cell.job("web")
    assert {name: getattr(again, name) for name in same} == {
        name: getattr(job, name) for name in same
    }
    assert cell.events()[: len(history)] == history
    assert "nothing to change" in cell.run("up", job_file(tmp_path, "web", replicas=3)).err
    assert cell.pids("web") == {task.index: task.pid for task in before}


def test_up_follows_the_job_through_the_death_of_its_borgmaster(
    cell: TestCell, tmp_path: Path
) -> None:
    with cell.begin("up", job_file(tmp_path, "followed", more="")) as up:
        until(lambda: cell.try_("status", "followed").code == 0 or None, "the job accepted")
        kill_borgmaster(cell)
        cell.run("cell", "start")
        out, err = up.communicate(timeout=60)
    assert up.returncode == 0, out + err
    assert [task.restarts for task in cell.until_healthy("followed", 2)] == [0, 0]


class Write(msgspec.Struct, frozen=True):
    """A submission and the key it goes under; its spec says which one it was."""

    request_id: str
    spec: JobSpec


class Acknowledged(msgspec.Struct, frozen=True):
    """A write and the answer it got."""

    write: Write
    answer: Accepted


class Lone:
    """A Borgmaster as a process of its own, without any Borglet, started again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        rights = ["read", "write", "admin"]
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        tokens = [{"user": "alice", "sha256": digest, "rights": rights}]
        (folder / "tokens.json").write_bytes(msgspec.json.encode(tokens))
        (folder / "credential").write_text("cell-secret")
        self._log = (folder / "log").open("ab")

    @contextmanager
    def living(self) -> Iterator[str]:
        """Its address while it lives; at the end it is killed."""
        address_file = self._folder / "address"
        address_file.unlink(missing_ok=True)
        process = self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "borgpy.cli.borgmaster", "--cell", "ic"),
                *("--data", str(self._folder / "data"), "--listen", "127.0.0.1:0"),
                *("--tokens", str(self._folder / "tokens.json")),
                *("--credential", str(self._folder / "credential")),
                *("--address-file", str(address_file)),
            ],
            cwd=self._folder,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            until(lambda: address_file.exists() or process.poll() is not None, "it serves")
            assert process.poll() is None, (self._folder / "log").read_text()[-2000:]
            yield address_file.read_text().strip()
        finally:
            self.kill()
            process.wait()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        self._log.close()


@asynccontextmanager
async def client_of(address: str, attempts: int = 3) -> AsyncIterator[BorgmasterClient]:
    endpoint = Endpoint(address, TOKEN)
    async with BorgmasterClient(endpoint, retries=Retries(attempts=attempts)) as client:
        yield client


def the_writes(seed: int, life: int, client: int, package: Package) -> Iterator[Write]:
    """Jobs that come, grow, shrink and change, without end; each submission is told by an argument of its own."""
    chance = seeded(seed ^ (life << 8 | client))
    number = 0
    while True:
        request_id = f"{seed}-{life}-{client}-{number}"
        task = a_task_spec(package=package, ports=(), args={"write": request_id})
        name = f"job{chance.randrange(JOBS)}"
        spec = a_job(name, replicas=chance.randint(1, 6), priority=0, task=task)
        yield Write(request_id, spec)
        number += 1


async def write_until_killed(
    borgmaster: Lone, address: str, seed: int, life: int, package: Package
) -> tuple[list[Acknowledged], list[Write]]:
    """What was acknowledged before the killing, and what was not."""
    acknowledged: list[Acknowledged] = []
    unanswered: list[Write] = []

    async def writing(client: BorgmasterClient, number: int) -> None:
        for write in the_writes(seed, life, number, package):
            try:
                accepted = await client.submit(write.spec, request_id=write.request_id)
            except Unreachable:
                unanswered.append(write)
                return
            acknowledged.append(Acknowledged(write, accepted))

    async with client_of(address, attempts=1) as client:
        clients = [asyncio.create_task(writing(client, number)) for number in range(CLIENTS)]
        await asyncio.sleep(seeded(seed ^ life).uniform(0.0, 0.5))
        borgmaster.kill()
        await asyncio.gather(*clients)
    return acknowledged, unanswered


async def submissions(client: BorgmasterClient) -> dict[str, EventView]:
    """The submission events of the history, by the request they came from; none is there twice."""
    found: dict[str, EventView] = {}
    async for view in client.events():
        if isinstance(view.event, e.JobSubmitted):
            request_id = view.event.spec.task.args["write"]
            assert request_id not in found, f"{request_id} happened twice"
            found[request_id] = view
    return found


async def check_acknowledged(client: BorgmasterClient, acknowledged: list[Acknowledged]) -> None:
    """Each acknowledged write is in the history as it was answered, and answers the same when repeated."""
    history = await submissions(client)
    for one in acknowledged:
        view = history.get(one.write.request_id)
        assert view is not None, f"lost: {one}"
        assert isinstance(view.event, e.JobSubmitted)
        assert (view.seq, view.event.version) == (one.answer.seq, one.answer.version)
        assert view.event.spec == one.write.spec
    for one in acknowledged[-2 * CLIENTS :]:
        again = await client.submit(one.write.spec, request_id=one.write.request_id)
        assert again == one.answer, f"{one.write.request_id} answers otherwise now"


async def settle(client: BorgmasterClient, write: Write) -> Accepted:
    """The one answer of a write that nobody knows the outcome of; repeated, it happens exactly once."""
    before = (await submissions(client)).get(write.request_id)
    first = await client.submit(write.spec, request_id=write.request_id)
    second = await client.submit(write.spec, request_id=write.request_id)
    assert first == second, f"{write.request_id} has two answers"
    if before is not None:
        assert first.seq == before.seq, f"{write.request_id} happened, and was answered anew"
    return first


async def check_jobs(client: BorgmasterClient) -> None:
    """Each job is as its newest submission says, with all of its tasks: none is there by half."""
    newest: dict[JobKey, e.JobSubmitted] = {}
    for view in (await submissions(client)).values():
        assert isinstance(view.event, e.JobSubmitted)
        newest[view.event.job] = view.event
    jobs = {job.key: job for job in await client.jobs()}
    assert jobs.keys() == newest.keys()
    for key, submitted in newest.items():
        job = jobs[key]
        assert (job.version, job.spec) == (submitted.version, submitted.spec)
        assert job.pending == job.spec.replicas, f"{key} has {job.phases}"
        waiting = [task.index for task in await client.tasks(key) if task.phase.value == "waiting"]
        assert waiting == list(range(job.spec.replicas))


async def twenty_lives(folder: Path, seed: int) -> tuple[int, int, int]:
    """How many writes were acknowledged, and of the unanswered ones how many had happened and how many had not."""
    program = folder / "program"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    content = program.read_bytes()
    package = Package("program", hashlib.sha256(content).hexdigest(), len(content))
    borgmaster = Lone(folder)
    acknowledged: list[Acknowledged] = []
    unanswered: list[Write] = []
    happened = absent = 0
    try:
        for life in range(KILLINGS + 1):
            with borgmaster.living() as address:
                async with client_of(address) as client:
                    await client.upload(package, program)
                    await check_acknowledged(client, acknowledged)
                    known = await submissions(client)
                    for write in unanswered:
                        happened += write.request_id in known
                        absent += write.request_id not in known
                        acknowledged.append(Acknowledged(write, await settle(client, write)))
                    await check_jobs(client)
                if life == KILLINGS:
                    break
                fresh, unanswered = await write_until_killed(
                    borgmaster, address, seed, life, package
                )
                acknowledged += fresh
    finally:
        borgmaster.close()
    return len(acknowledged), happened, absent


async def test_no_acknowledged_write_is_lost_in_twenty_killings(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("SEED") or new_seed() & 0xFFFFFFFF)
    try:
        acknowledged, happened, absent = await twenty_lives(tmp_path, seed)
    except BaseException as error:
        error.add_note(f"once more with SEED={seed}")
        raise
    assert TestCell(tmp_path).survivors() == [], "a killed Borgmaster leaves no process of its own"
    assert acknowledged >= 5 * KILLINGS, "the killings came too early to show anything"
    assert happened + absent >= KILLINGS, "each killing left somebody without an answer"
    record_property("acknowledged, happened, absent", (acknowledged, happened, absent))
