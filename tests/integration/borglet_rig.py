"""A test's own small Borgmaster, over real HTTP, and Borglets as real processes below it."""

import asyncio
import hashlib
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import msgspec
import psutil
from aiohttp import web

from borgpy.clock import SystemClock
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.orders import (
    DeviceOrder,
    Join,
    Joined,
    MachineOrders,
    MachineReport,
    Poll,
    PollReply,
    TaskOrder,
    TaskReport,
)
from borgpy.model.resources import Resources
from borgpy.model.spec import HealthCheck, Package, Restart, TaskSpec

JOIN_TOKEN = "join-secret"
CREDENTIAL = "cell-secret"
JOB = JobKey("alice/web")
MIB = 1 << 20

SERVER = """\
#!/usr/bin/env python3
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
port = int(dict(a.lstrip("-").split("=", 1) for a in sys.argv[1:])["port"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{os.environ['BORG_TASK']} pid {os.getpid()}\\n".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
print("serving on", port, flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


class SmallBorgmaster:
    """Takes joins, serves packages, and polls when the test says so."""

    def __init__(self) -> None:
        self.address = ""
        self.joins: list[Join] = []
        self.packages: dict[str, bytes] = {}
        self.machines: dict[str, str] = {}
        self.orders: dict[int, TaskOrder] = {}
        self.specs: dict[str, TaskSpec] = {}
        self.devices: tuple[DeviceOrder, ...] = ()
        self.seq = 1
        self.epoch = 1
        self.session: aiohttp.ClientSession

    def package(self, name: str, content: str | bytes) -> Package:
        blob = content.encode() if isinstance(content, str) else content
        digest = hashlib.sha256(blob).hexdigest()
        self.packages[digest] = blob
        return Package(name, digest, len(blob))

    def order(self, spec: TaskSpec, *indexes: int, incarnation: int = 1) -> None:
        """Want these tasks, besides those wanted already."""
        self.seq += 1
        self.specs[spec.digest()] = spec
        for index in indexes:
            self.orders[index] = TaskOrder(JOB, index, incarnation, spec.digest())

    def withdraw(self, *indexes: int) -> None:
        self.seq += 1
        for index in indexes:
            del self.orders[index]

    async def poll(self) -> MachineReport:
        """Poll the one machine there is, with full orders."""
        (name,) = self.machines
        run = tuple(self.orders.values())
        wanted = MachineOrders(name, self.seq, run, devices=self.devices)
        poll = Poll("ic", self.epoch, self.seq, (wanted,), self.specs)
        status, body = await self.post(msgspec.msgpack.encode(poll))
        while b"has not joined a cell yet" in body:  # it is reading our answer at this moment
            status, body = await self.post(msgspec.msgpack.encode(poll))
        assert status == 200, body
        (report,) = msgspec.msgpack.decode(body, type=PollReply).machines
        return report

    async def post(self, body: bytes, credential: str | None = CREDENTIAL) -> tuple[int, bytes]:
        (address,) = set(self.machines.values())
        headers = {"Content-Type": "application/msgpack"}
        if credential is not None:
            headers["Authorization"] = f"Bearer {credential}"
        async with self.session.post(
            f"{address}/v1/poll", data=io.BytesIO(body), headers=headers
        ) as answer:
            return answer.status, await answer.read()

    async def log(self, index: int, **query: str | int) -> str:
        (address,) = set(self.machines.values())
        asked = {"job": JOB, "index": str(index)} | {k: str(v) for k, v in query.items()}
        headers = {"Authorization": f"Bearer {CREDENTIAL}"}
        async with self.session.get(f"{address}/v1/logs", params=asked, headers=headers) as answer:
            return await answer.text() if answer.status == 200 else f"HTTP {answer.status}"

    async def until(
        self, wish: Callable[[dict[int, TaskReport]], bool], seconds: float = 20
    ) -> dict[int, TaskReport]:
        """Poll until the tasks are as wished (by index, the newest incarnation of each)."""
        clock = SystemClock()
        end = clock.steady_seconds() + seconds
        tasks: dict[int, TaskReport] = {}
        while clock.steady_seconds() < end:
            if self.machines:
                with suppress(aiohttp.ClientError):
                    tasks = by_index((await self.poll()).tasks or ())
                    if wish(tasks):
                        return tasks
            await asyncio.sleep(0.05)
        raise AssertionError(f"not within {seconds} s; the tasks were {tasks}")

    async def until_alive(self, count: int) -> dict[int, TaskReport]:
        return await self.until(
            lambda tasks: sum(task.status.pid > 0 for task in tasks.values()) == count
        )

    async def _join(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {JOIN_TOKEN}":
            return web.Response(status=401)
        join = msgspec.json.decode(await request.read(), type=Join)
        self.joins.append(join)
        self.machines |= {machine.name: machine.address for machine in join.machines}
        joined = Joined("ic", self.epoch, CREDENTIAL)
        return web.Response(body=msgspec.json.encode(joined), content_type="application/json")

    async def _package(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {CREDENTIAL}":
            return web.Response(status=401)
        blob = self.packages.get(request.match_info["digest"])
        return web.Response(status=404) if blob is None else web.Response(body=blob)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["SmallBorgmaster"]:
        app = web.Application()
        app.router.add_post("/v1/machines", self._join)
        app.router.add_get("/v1/packages/{digest}", self._package)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        self.address = f"http://{host}:{port}"
        try:
            async with aiohttp.ClientSession() as self.session:
                yield self
        finally:
            await runner.cleanup()


class BorgletProcess:
    """A Borglet started as people start it."""

    def __init__(self, borgmaster: SmallBorgmaster, folder: Path, *flags: str) -> None:
        self.folder = folder
        self._borgmaster = borgmaster
        self._flags = flags
        self.process: asyncio.subprocess.Process

    @property
    def data(self) -> Path:
        return self.folder / "borglet"

    async def start(self) -> None:
        token = self.folder / "join-token"
        token.write_text(JOIN_TOKEN + "\n")
        log = self.folder / "borglet.log"
        with log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "borgpy.cli.borglet"),
                *("--master", self._borgmaster.address, "--join-token", str(token)),
                *("--data", str(self.data), "--name", "here", *self._flags),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    async def kill(self) -> None:
        self._borgmaster.machines.clear()
        self.process.kill()
        await self.process.wait()

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            async with asyncio.timeout(20):
                await self.process.wait()

    def log(self) -> str:
        return (self.folder / "borglet.log").read_text()

    def end_tasks(self) -> None:
        """End what this Borglet's data directory tells of: shims and tasks, each by its own pid and start."""
        for said in self.data.glob("tasks/*/*/*/*/runs/*/started"):
            fields = dict(line.split("=") for line in said.read_text().splitlines())
            for name, ticks in (("pid", "ticks"), ("shim", "shim_ticks")):
                end_process(int(fields[name]), int(fields[ticks]))


@asynccontextmanager
async def a_borglet(
    tmp_path: Path, *flags: str
) -> AsyncIterator[tuple[SmallBorgmaster, BorgletProcess]]:
    """A Borgmaster and a Borglet that has joined it; both and all tasks end with the test."""
    async with SmallBorgmaster().serving() as borgmaster:
        borglet = BorgletProcess(borgmaster, tmp_path, *flags)
        await borglet.start()
        try:
            yield borgmaster, borglet
            if borglet.process.returncode is None and borgmaster.machines:
                borgmaster.orders.clear()
                borgmaster.seq += 1
                with suppress(AssertionError):
                    await borgmaster.until(lambda tasks: not tasks, 10)
        finally:
            await borglet.end()
            borglet.end_tasks()


def a_spec(
    package: Package,
    *,
    args: dict[str, str] | None = None,
    ports: tuple[str, ...] = (),
    ram: int = 0,
    disk: int = 0,
    restart: Restart = Restart.ALWAYS,
    health: HealthCheck | None = None,
    notice_ms: int = 2000,
) -> TaskSpec:
    return TaskSpec(
        package=package,
        args=args or {},
        requirements=Resources(cpu=100, ram=ram, disk=disk),
        ports=ports,
        health=health,
        restart=restart,
        notice_ms=notice_ms,
    )


def a_server(borgmaster: SmallBorgmaster) -> TaskSpec:
    """A web server with a health check."""
    package = borgmaster.package("server", SERVER)
    return a_spec(package, args={"port": "%port%"}, ports=("port",), health=HealthCheck())


def by_index(reports: tuple[TaskReport, ...]) -> dict[int, TaskReport]:
    return {report.index: report for report in sorted(reports, key=lambda r: r.incarnation)}


def phases(tasks: dict[int, TaskReport]) -> dict[int, Phase]:
    return {index: task.status.phase for index, task in tasks.items()}


def all_healthy(count: int) -> Callable[[dict[int, TaskReport]], bool]:
    return lambda tasks: phases(tasks) == dict.fromkeys(range(count), Phase.HEALTHY)


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_process(pid: int, ticks: int) -> None:
    """SIGKILL for exactly this process, if it is still there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return
    if int(stat.rpartition(")")[2].split()[19]) == ticks:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def until(wish: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something outside of the Borglet is so."""
    async with asyncio.timeout(seconds):
        while True:
            if wish():
                return
            await asyncio.sleep(0.02)
