"""A real Borgmaster over HTTP: what it serves, and what it says to those who ask wrongly."""

import asyncio
import hashlib
import io
import json
import socketserver
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from openapi_spec_validator import validate

from borgpy.model import checkpoint
from borgpy.model.alloc import AllocSetSpec
from borgpy.model.api import CellView, EventView, JobView, MachineView, QuotaView, TaskView, WhyView
from borgpy.model.machine import MachineSpec
from borgpy.model.orders import Join, Joined
from borgpy.model.refusal import Accepted
from borgpy.model.resources import Resources
from borgpy.model.spec import JobSpec, Package
from borgpy.scheduling.snapshot import SnapshotFacts
from tests.builders import ROOMY, a_job, a_task_spec
from tests.fakes.processes import CREDENTIAL, TOKENS, Served, a_served_borgmaster

BINARY = b"#!/bin/sh\nexec sleep 100\n"
DIGEST = hashlib.sha256(BINARY).hexdigest()
PACKAGE = Package("server", DIGEST, len(BINARY))


class Caller:
    """Asks one Borgmaster as some user."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http, self._address = http, address

    async def ask(
        self, method: str, path: str, *, user: str = "root", body: Any = None, **options: Any
    ) -> tuple[int, Any]:
        """Status and decoded answer."""
        headers = {"Authorization": f"Bearer {TOKENS[user][0]}"} | options.pop("headers", {})
        raw_body = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        data = None if raw_body is None else io.BytesIO(raw_body)
        async with self._http.request(
            method, self._address + path, data=data, headers=headers, **options
        ) as response:
            raw = await response.read()
            kind = response.content_type
            if kind in ("application/json", "application/problem+json") and raw:
                return response.status, json.loads(raw)
            return response.status, raw

    async def get(self, path: str, kind: Any, **options: Any) -> Any:
        status, answer = await self.ask("GET", path, **options)
        assert status == 200, answer
        return msgspec.convert(answer, kind)

    async def submit(self, spec: JobSpec, **options: Any) -> tuple[int, Any]:
        options.setdefault("user", "alice")
        return await self.ask("PUT", f"/v1/jobs/{spec.key}", body=spec, **options)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with a_served_borgmaster(tmp_path_factory.mktemp("cell"), "--poll-interval-ms", "200") as one:
        yield one


@pytest.fixture
async def caller(served: Served) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as http:
        one = Caller(http, served.address)
        status, _ = await one.ask("PUT", f"/v1/packages/{DIGEST}", body=BINARY, user="alice")
        assert status in (200, 201)
        for band in ("batch", "production"):
            limit = Resources(cpu=10_000, ram=1 << 33, disk=1 << 33, ports=100)
            assert (await one.ask("PUT", f"/v1/quota/alice/{band}", body=limit))[0] == 200
        yield one


def a_spec(name: str = "web", **options: Any) -> JobSpec:
    return a_job(name, task=a_task_spec(package=PACKAGE), **options)


async def test_a_job_goes_in_and_every_view_of_it_comes_out(caller: Caller) -> None:
    status, answer = await caller.submit(a_spec("views", replicas=2))
    assert status == 200
    assert msgspec.convert(answer, Accepted).created == 2
    view = await caller.get("/v1/jobs/alice/views", JobView)
    assert (view.pending, view.version, view.spec.replicas) == (2, 1, 2)
    assert [job.key for job in await caller.get("/v1/jobs?user=alice", list[JobView])] == [
        "alice/views"
    ]
    tasks = await caller.get("/v1/jobs/alice/views/tasks", list[TaskView])
    assert [task.index for task in tasks] == [0, 1]
    assert (await caller.get("/v1/jobs/alice/views/tasks/1", TaskView)).bns == (
        "1.views.alice.ic.borg.local"
    )
    why = await caller.get("/v1/jobs/alice/views/tasks/1/why", WhyView)
    assert why.sentences == ("the cell has no machines",)
    assert len(await caller.get("/v1/jobs/alice/views/why", list[WhyView])) == 1
    quota = await caller.get("/v1/quota?user=alice", list[QuotaView])
    assert {(q.band.value, q.used.cpu) for q in quota if q.used.cpu} == {("batch", 200)}
    assert (await caller.get("/v1/cell", CellView)).jobs >= 1
    await caller.ask("DELETE", "/v1/jobs/alice/views?purge=1", user="alice")


async def test_an_alloc_set_goes_in_and_jobs_run_in_it(caller: Caller) -> None:
    asked = AllocSetSpec("room", "alice", "ic", Resources(cpu=500, ram=1 << 30, disk=1 << 30))
    status, answer = await caller.ask("PUT", "/v1/allocs/alice/room", user="alice", body=asked)
    assert (status, answer["created"]) == (200, 1)
    view = await caller.get("/v1/jobs/alice/room", JobView)
    assert view.spec == asked.job()
    assert view.summary == "alloc set: 0 of 1 placed, 0 tasks in them; 1 waiting"

    inside = a_spec("inside", replicas=1, alloc="room")
    assert (await caller.submit(inside))[0] == 200
    why = await caller.get("/v1/jobs/alice/inside/tasks/0/why", WhyView)
    assert why.sentences[0].startswith("no alloc of alice/room has a place yet")

    status, answer = await caller.submit(asked.job())
    assert status == 400
    assert answer["hint"] == "submit it with PUT /v1/allocs/alice/room"
    status, answer = await caller.ask("PUT", "/v1/allocs/alice/den", user="alice", body=asked)
    assert status == 400, "the path and the body must agree"
    status, answer = await caller.submit(a_spec("elsewhere", alloc="bob/room"))
    assert (status, answer["title"]) == (403, "alice may not use the alloc sets of bob")
    for name in ("inside", "room"):
        await caller.ask("DELETE", f"/v1/jobs/alice/{name}?purge=1", user="alice")


async def test_a_file_that_nobody_has_uploaded_is_named(caller: Caller) -> None:
    task = a_task_spec(package=PACKAGE, packages=(Package("data", "ef" * 32, 9),))
    status, answer = await caller.submit(a_job("files", task=task))
    assert status == 400
    assert [field["field"] for field in answer["fields"]] == ["packages.0"]


async def test_a_machine_for_a_pool_that_no_job_could_name_stays_outside(caller: Caller) -> None:
    machine = MachineSpec("m9", "http://127.0.0.1:1", ROOMY, {"dedicated": "cache"})
    status, answer = await caller.ask(
        "POST", "/v1/machines", body=Join((machine,)), user="borglets"
    )
    assert status == 400
    assert answer["fields"][0]["message"] == "m9 is set aside for 'cache', which is no pool"


async def test_a_write_repeated_under_its_key_gets_the_first_answer(caller: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    first = await caller.submit(a_spec("idem"), headers=key)
    assert await caller.submit(a_spec("idem"), headers=key) == first
    status, problem = await caller.submit(a_spec("idem", replicas=9), headers=key)
    assert (status, problem["code"]) == (409, "conflict")
    assert (await caller.get("/v1/jobs/alice/idem", JobView)).spec.replicas == 3
    await caller.ask("DELETE", "/v1/jobs/alice/idem?purge=1", user="alice")


async def test_a_dry_run_answers_and_changes_nothing(caller: Caller) -> None:
    before = (await caller.get("/v1/cell", CellView)).seq
    spec = a_spec("dry")
    status, answer = await caller.ask(
        "PUT", "/v1/jobs/alice/dry?dry_run=1", body=spec, user="alice"
    )
    assert (status, answer["created"]) == (200, 3)
    assert (await caller.ask("GET", "/v1/jobs/alice/dry"))[0] == 404
    assert (await caller.get("/v1/cell", CellView)).seq == before


@pytest.mark.parametrize(
    ("method", "path", "body", "user", "status", "code"),
    [
        pytest.param("GET", "/v1/nothing", None, "root", 404, "not_found", id="no such path"),
        pytest.param("POST", "/v1/cell", None, "root", 405, "method_not_allowed", id="method"),
        pytest.param("GET", "/v1/jobs/alice/nope", None, "root", 404, "not_found", id="no job"),
        pytest.param("GET", "/v1/machines/nope", None, "root", 404, "not_found", id="no machine"),
        pytest.param("PUT", "/v1/jobs/alice/web", b"{", "alice", 400, "invalid", id="no JSON"),
        pytest.param("PUT", "/v1/jobs/alice/web", b"[]", "alice", 400, "invalid", id="no job"),
        pytest.param("PUT", "/v1/jobs/alice/web", b"\xff\x00", "alice", 400, "invalid", id="bytes"),
        pytest.param(
            "PUT", "/v1/jobs/alice/web", b" " * (2 << 20), "alice", 413, "too_large", id="too long"
        ),
        pytest.param("PUT", "/v1/jobs/bob/web", None, "guest", 403, "not_allowed", id="a reader"),
        pytest.param("PUT", "/v1/quota/bob/batch", b"{}", "alice", 403, "not_allowed", id="quota"),
        pytest.param("PUT", "/v1/quota/bob/gold", b"{}", "root", 400, "invalid", id="no band"),
        pytest.param("PUT", "/v1/quota/bob/free", b"{}", "root", 400, "invalid", id="free band"),
        pytest.param("GET", "/v1/events?after=x", None, "root", 400, "invalid", id="no sequence"),
        pytest.param("GET", "/v1/jobs", None, "borglets", 403, "not_allowed", id="a join token"),
        pytest.param(
            "POST", "/v1/machines", b"{}", "alice", 403, "not_allowed", id="joining as a user"
        ),
        pytest.param("PUT", "/v1/packages/zz", b"x", "alice", 422, "wrong_digest", id="no digest"),
        pytest.param(
            "PUT", f"/v1/packages/{'0' * 64}", b"x", "alice", 422, "wrong_digest", id="wrong digest"
        ),
        pytest.param(
            "GET", f"/v1/packages/{'0' * 64}", None, "root", 404, "not_found", id="no package"
        ),
    ],
)
async def test_bad_requests_get_a_problem_with_a_code_and_change_nothing(
    caller: Caller, method: str, path: str, body: bytes | None, user: str, status: int, code: str
) -> None:
    before = (await caller.get("/v1/cell", CellView)).seq
    got, problem = await caller.ask(method, path, body=body, user=user)
    assert (got, problem["code"]) == (status, code), problem
    assert problem["title"]
    assert (await caller.get("/v1/cell", CellView)).seq == before


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic cm9vdA=="])
async def test_without_a_token_that_is_known_nothing_is_read_or_written(
    served: Served, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    async with aiohttp.ClientSession() as http:
        for method, path in (
            ("GET", "/v1/jobs"),
            ("PUT", "/v1/jobs/alice/web"),
            ("GET", "/metrics"),
            ("GET", "/v1/checkpoint"),
            ("GET", f"/v1/packages/{DIGEST}"),
        ):
            async with http.request(method, served.address + path, headers=headers) as response:
                assert response.status == 401, path
                assert "token" in (await response.json())["title"]
        async with http.get(served.address + "/healthz") as response:
            assert await response.json() == {"ok": True, "trouble": ""}


async def test_one_may_not_touch_the_jobs_of_another(caller: Caller) -> None:
    status, problem = await caller.submit(a_spec("web", user="bob"), user="alice")
    assert (status, problem["code"]) == (403, "not_allowed")
    assert "bob" in problem["title"]
    status, _ = await caller.submit(a_spec("web", user="bob", priority=0), user="root")
    assert status == 200
    assert (await caller.ask("DELETE", "/v1/jobs/bob/web", user="alice"))[0] == 403
    status, problem = await caller.ask("GET", "/v1/jobs/bob/web/tasks/0/logs", user="alice")
    assert (status, problem["title"]) == (403, "alice may not read the logs of bob")
    assert (await caller.ask("DELETE", "/v1/jobs/bob/web?purge=1", user="root"))[0] == 200


async def test_everything_wrong_with_a_job_is_said_at_once(caller: Caller) -> None:
    absent = Package("server", "0" * 64, 5)
    spec = a_job("bad", replicas=0, priority=999, task=a_task_spec(package=absent))
    status, problem = await caller.submit(spec)
    assert (status, problem["code"]) == (400, "invalid")
    assert [field["field"] for field in problem["fields"]] == ["replicas", "priority", "binary"]


async def test_a_quota_refusal_names_what_is_missing(caller: Caller) -> None:
    status, problem = await caller.submit(a_spec("big", replicas=2000))
    assert (status, problem["code"]) == (403, "quota_exceeded")
    assert "cpu exceeds the quota by 190 cores" in problem["detail"]
    assert "fewer replicas" in problem["hint"]


async def test_another_cell_is_unknown(caller: Caller) -> None:
    status, problem = await caller.submit(a_spec("web", cell="xx"))
    assert (status, problem["code"]) == (404, "not_found")


async def test_an_upload_that_breaks_off_leaves_nothing(caller: Caller, served: Served) -> None:
    digest = hashlib.sha256(b"whole").hexdigest()
    host, port = served.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"PUT /v1/packages/{digest} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        f"Authorization: Bearer {TOKENS['alice'][0]}\r\n\r\nwho".encode()
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await reader.read()
    incoming = served.data / "packages" / "incoming"
    for _ in range(100):
        if not list(incoming.iterdir()):
            break
        await asyncio.sleep(0.02)
    assert list(incoming.iterdir()) == []
    assert (await caller.ask("HEAD", f"/v1/packages/{digest}"))[0] == 404


async def test_packages_come_back_as_they_were_also_for_borglets(caller: Caller) -> None:
    borglet = {"Authorization": f"Bearer {CREDENTIAL}"}
    assert await caller.ask("GET", f"/v1/packages/{DIGEST}", headers=borglet) == (200, BINARY)
    assert (await caller.ask("GET", "/v1/jobs", headers=borglet))[0] == 403


async def test_events_resume_where_one_left_off_and_follow(caller: Caller) -> None:
    _, answer = await caller.submit(a_spec("story"))
    _, raw = await caller.ask("GET", f"/v1/events?after={answer['seq'] - 1}&job=alice/story")
    views = [msgspec.json.decode(line, type=EventView) for line in raw.splitlines()]
    assert [view.text for view in views] == [
        "alice submitted alice/story version 1: 3 replicas",
        "3 tasks are pending in alice/story",
    ]
    following = asyncio.create_task(
        caller.ask("GET", f"/v1/events?after={answer['seq']}&job=alice/story&follow=1&limit=1")
    )
    await asyncio.sleep(0.1)
    assert not following.done()
    await caller.ask("DELETE", "/v1/jobs/alice/story", user="alice")
    _, raw = await asyncio.wait_for(following, 5)
    assert b"alice stopped alice/story" in raw


async def test_a_reader_that_goes_away_leaves_nothing_behind(
    caller: Caller, served: Served
) -> None:
    for _ in range(3):
        follow = "/v1/events?after=0&follow=1"
        with pytest.raises(TimeoutError):
            await caller.ask("GET", follow, timeout=aiohttp.ClientTimeout(total=0.2))
    await caller.submit(a_spec("gone", priority=0))
    await caller.ask("DELETE", "/v1/jobs/alice/gone?purge=1", user="alice")
    await asyncio.sleep(0.3)
    assert "Traceback" not in served.log.read_text()


async def test_a_long_poll_answers_when_the_job_changes_and_not_before(caller: Caller) -> None:
    _, answer = await caller.submit(a_spec("poll"))
    path = f"/v1/jobs/alice/poll?after={answer['seq']}"
    assert (await caller.get(path + "&wait_ms=50", JobView)).version == 1
    waiting = asyncio.create_task(caller.get(path + "&wait_ms=20000", JobView))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await caller.submit(a_spec("poll", replicas=1))
    assert (await asyncio.wait_for(waiting, 5)).version == 2
    await caller.ask("DELETE", "/v1/jobs/alice/poll?purge=1", user="alice")


async def test_a_checkpoint_and_a_snapshot_hold_the_present_cell(caller: Caller) -> None:
    await caller.submit(a_spec("kept", priority=0))
    status, blob = await caller.ask("GET", "/v1/checkpoint")
    assert status == 200
    cell = checkpoint.decode(blob)
    cell.check()
    assert "alice/kept" in cell.jobs
    _, snapshot = await caller.ask("GET", "/v1/snapshot")
    assert msgspec.convert(snapshot, SnapshotFacts).seq == snapshot["seq"]
    assert "alice/kept" in [pending["job"] for pending in snapshot["pending"]]
    await caller.ask("DELETE", "/v1/jobs/alice/kept?purge=1", user="alice")


async def test_the_description_is_openapi_and_names_every_schema_it_uses(caller: Caller) -> None:
    _, description = await caller.ask("GET", "/v1/openapi.json")
    validate(description)
    assert description["openapi"] == "3.1.0"
    assert "JobSpec" in description["components"]["schemas"]
    assert description["paths"]["/v1/jobs/{user}/{job}"]["put"]["requestBody"]["required"]


async def test_metrics_count_pending_tasks_by_band(caller: Caller) -> None:
    await caller.submit(a_spec("counted", priority=0))
    _, text = await caller.ask("GET", "/metrics")
    assert b'borg_pending_tasks{band="free"} 3.0' in text
    await caller.ask("DELETE", "/v1/jobs/alice/counted?purge=1", user="alice")


class Rubbish(socketserver.StreamRequestHandler):
    """Answers whatever it is asked with seven bytes that mean nothing."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrubbish"
        )


@contextmanager
def a_rubbish_server() -> Iterator[int]:
    """Its port. Every connection is closed when this ends."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rubbish) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            serving.join()


async def test_a_machine_whose_borglet_answers_rubbish_is_lost_and_the_cell_lives(
    tmp_path: Path,
) -> None:
    flags = ("--poll-interval-ms", "20", "--lost-after-ms", "200")
    with a_rubbish_server() as port, a_served_borgmaster(tmp_path, *flags) as served:
        async with aiohttp.ClientSession() as http:
            one = Caller(http, served.address)
            machine = MachineSpec("m1", f"http://127.0.0.1:{port}", ROOMY)
            status, answer = await one.ask(
                "POST", "/v1/machines", body=Join((machine,)), user="borglets"
            )
            assert status == 200
            assert msgspec.convert(answer, Joined).credential == CREDENTIAL
            for _ in range(200):
                (view,) = await one.get("/v1/machines", list[MachineView])
                if view.state.value == "lost":
                    break
                await asyncio.sleep(0.05)
            assert view.state.value == "lost"
            assert "makes no sense" in view.reason
            assert (await one.ask("GET", "/healthz"))[0] == 200
