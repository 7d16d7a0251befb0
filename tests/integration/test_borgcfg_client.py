"""The client against a Borgmaster that stumbles."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from borgpy.client.borgmaster import BorgmasterClient, LogStream
from borgpy.client.transport import Endpoint, Retries
from borgpy.errors import Conflict, Corrupt, NotAllowed, NotFound, StoreFull, Unreachable
from borgpy.model.api import EventView, ProblemDetails
from borgpy.model.events import MachineRemoved
from borgpy.model.spec import Package
from tests.builders import a_job
from tests.fakes.borgmaster import TOKEN, FakeBorgmaster, a_task, a_view

QUICK = Retries(attempts=3, first_ms=1, longest_ms=2)


@pytest.fixture
def fake() -> Iterator[FakeBorgmaster]:
    master = FakeBorgmaster()
    with master.serving():
        yield master


@pytest.fixture
async def client(fake: FakeBorgmaster) -> AsyncIterator[BorgmasterClient]:
    async with BorgmasterClient(Endpoint(fake.address, TOKEN), retries=QUICK) as client:
        yield client


@pytest.mark.parametrize("stumble", [0, 502, 503])
async def test_a_read_is_repeated_until_it_works(
    fake: FakeBorgmaster, client: BorgmasterClient, stumble: int
) -> None:
    fake.answers["GET"] = [stumble, stumble]
    assert (await client.cell()).cell == "ic"
    assert len(fake.asked("GET", "/v1/cell")) == 3


async def test_a_write_is_repeated_under_one_key(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    fake.answers["PUT"] = [0, 503]
    await client.submit(a_job())
    keys = [seen.key for seen in fake.asked("PUT")]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert keys[0]


async def test_two_writes_have_two_keys(fake: FakeBorgmaster, client: BorgmasterClient) -> None:
    await client.submit(a_job())
    await client.submit(a_job())
    first, second = (seen.key for seen in fake.asked("PUT"))
    assert first != second


async def test_what_the_caller_did_wrong_is_not_repeated(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    fake.answers["PUT"] = [ProblemDetails("another version", 409, "conflict")]
    with pytest.raises(Conflict, match="another version"):
        await client.submit(a_job(), if_version=3)
    (seen,) = fake.asked("PUT")
    assert seen.query == {"if_version": "3"}


async def test_a_full_store_is_told_after_a_few_attempts(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    fake.answers["PUT"] = [
        ProblemDetails("the disk is full", 507, "store_full", retryable=True)
    ] * 9
    with pytest.raises(StoreFull, match="the disk is full"):
        await client.submit(a_job())
    assert len(fake.asked("PUT")) == QUICK.attempts


async def test_a_wrong_token_is_told_at_once(fake: FakeBorgmaster) -> None:
    async with BorgmasterClient(Endpoint(fake.address, "wrong"), retries=QUICK) as client:
        with pytest.raises(NotAllowed):
            await client.cell()
    assert len(fake.seen) == 1


async def test_nobody_there_is_unreachable() -> None:
    async with BorgmasterClient(Endpoint("http://127.0.0.1:1"), retries=QUICK) as client:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 does not answer"):
            await client.cell()


async def test_an_address_that_is_none_is_unreachable() -> None:
    async with BorgmasterClient(Endpoint("borg"), retries=QUICK) as client:
        with pytest.raises(Unreachable):
            await client.cell()


async def test_long_lists_are_read_page_by_page(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    job = a_job(replicas=2000)
    fake.jobs[job.key] = [a_view(job)]
    fake.tasks[job.key] = [a_task(job, index) for index in range(2000)]
    tasks = await client.tasks(job.key)
    assert [task.index for task in tasks] == list(range(2000))
    assert len(fake.asked("GET")) == 3


async def test_a_package_travels_once(
    fake: FakeBorgmaster, client: BorgmasterClient, tmp_path: Path
) -> None:
    path = tmp_path / "server"
    path.write_bytes(b"#!/bin/sh\n" * 50_000)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    package = Package("server", digest, path.stat().st_size)
    fake.answers["PUT"] = [503]
    assert await client.upload(package, path) is True
    assert await client.upload(package, path) is False
    assert fake.packages == {digest: path.read_bytes()}
    assert len(fake.asked("PUT")) == 2


async def test_a_file_that_changed_meanwhile_is_refused(
    client: BorgmasterClient, tmp_path: Path
) -> None:
    path = tmp_path / "server"
    path.write_bytes(b"now another")
    with pytest.raises(Corrupt):
        await client.upload(Package("server", "ab" * 32, 11), path)


async def test_logs_come_as_they_were_written(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    job = a_job()
    fake.jobs[job.key] = [a_view(job)]
    fake.logs[0] = b"first\nsecond\n" + b"\xff" * 100_000
    which = LogStream(tail=5, follow=True)
    got = b"".join([chunk async for chunk in client.logs(job.key, 0, which)])
    assert got == fake.logs[0]
    assert fake.seen[-1].query == {
        "stream": "stdout",
        "incarnation": "0",
        "tail": "5",
        "follow": "1",
    }
    with pytest.raises(NotFound, match="nothing is kept"):
        async for _ in client.logs(job.key, 1, which):
            pass


async def test_events_resume_inside_the_sequence_where_they_broke_off(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    places = [(5, 0), (6, 0), (6, 1), (6, 2), (7, 0)]
    fake.events = [EventView(s, o, 0, "gone", MachineRemoved(f"m{s}.{o}")) for s, o in places]
    fake.break_events_after = 2
    got = [(event.seq, event.ordinal) async for event in client.events(after=5)]
    assert got == places[1:]
    assert len(fake.asked("GET", "/v1/events")) == 2


async def test_a_line_longer_than_any_buffer_is_one_event(
    fake: FakeBorgmaster, client: BorgmasterClient
) -> None:
    fake.events = [EventView(1, 0, 0, "x" * 1_000_000, MachineRemoved("m"))]
    (event,) = [event async for event in client.events()]
    assert len(event.text) == 1_000_000


async def test_rubbish_is_no_borgmaster() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<htm>")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(f"http://127.0.0.1:{port}")
        async with BorgmasterClient(endpoint, retries=QUICK) as client:
            with pytest.raises(Unreachable, match="no Borgmaster"):
                await client.cell()
