"""A Borglet from its settings: wired together, listening, and in a cell until it is told to end."""

import asyncio
import fcntl
import logging
import os
import resource
import signal
import socket
import ssl
from contextlib import AsyncExitStack
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from borgpy.borglet.attributes import machine_attributes, machine_capacity, machine_name
from borgpy.borglet.borgmaster import Borgmaster
from borgpy.borglet.cgroups import choose_limits_here
from borgpy.borglet.files import write_whole
from borgpy.borglet.health import HealthChecker
from borgpy.borglet.joining import keep_joined
from borgpy.borglet.launch import RunnerSettings, compile_shim
from borgpy.borglet.limits import Limits, WatchedLimits
from borgpy.borglet.machine import LocalMachine, Machine, data_folder
from borgpy.borglet.offer import Offer
from borgpy.borglet.packages import PackageCache
from borgpy.borglet.ports import PortBook
from borgpy.borglet.runner_process import ProcessRunner
from borgpy.borglet.server import BorgletServer
from borgpy.borglet.simulate import SimulatedMachines, Simulation, calm_collector
from borgpy.borglet.state import BorgletFiles
from borgpy.clock import Clock, SystemClock, new_seed
from borgpy.errors import Conflict, InvalidConfig
from borgpy.model.machine import MachineSpec
from borgpy.model.names import MACHINE_PATTERN
from borgpy.model.resources import Resources

log = logging.getLogger(__name__)

STOP_TASKS = "stop-tasks"
"""A Borglet that is told to end leaves its tasks running, unless this file stands in its directory then."""

SHUTDOWN_SECONDS = 1.0
"""A reader that follows a log must not hold up the end."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the command line decides. What is None is found out from the machine."""

    borgmaster: str
    join_token: Path
    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    address: str | None = None
    name: str | None = None
    cpu: int | None = None
    ram: int | None = None
    disk: int | None = None
    ports: int | None = None
    lowest_port: int = 20000
    highest_port: int = 31999
    offer: Offer = Offer()
    search_path: str = ""
    use_cgroups: bool = True
    address_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    simulation: Simulation | None = None


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. `BorgError` when it cannot; tasks run on, unless `STOP_TASKS` asks otherwise."""
    check(settings)
    async with AsyncExitStack() as stack:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        borglet = await start(settings, stack, SystemClock())
        joining = borglet.joining
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait({joining, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if joining.done():
            joining.result()
        stop_tasks = settings.data / STOP_TASKS
        if borglet.local is None or not stop_tasks.exists():
            log.info("the Borglet ends; its tasks run on")
            return
        log.info("the Borglet ends, and its tasks with it")
        borglet.server.close()
        await borglet.local.empty()
        stop_tasks.unlink()


class Started(msgspec.Struct, frozen=True, eq=False):
    """A Borglet at work. ``joining`` keeps it joined and ends only by failing; ``local`` is None for simulated machines."""

    joining: asyncio.Task[None]
    server: BorgletServer
    local: LocalMachine | None


async def start(settings: Settings, stack: AsyncExitStack, clock: Clock) -> Started:
    """Wire a Borglet, and let ``stack`` take it down."""
    files = BorgletFiles(data_folder(settings.data))
    stack.callback(os.close, _only_one(files.data))
    sockets = [_listen(settings.host, settings.port)]
    addresses = [_address(settings, sockets[0])]
    if settings.simulation and settings.simulation.separate_ports:
        sockets += [_listen(settings.host, 0) for _ in range(settings.simulation.machines - 1)]
        addresses = [_address(settings, each) for each in sockets]
    borgmaster = Borgmaster(settings.borgmaster)
    stack.push_async_callback(borgmaster.close)
    allegiance = files.load_allegiance()
    machines: dict[str, Machine]
    local: LocalMachine | None = None
    if settings.simulation:
        simulated = SimulatedMachines(settings.simulation, addresses, clock)
        stack.push_async_callback(simulated.close)
        calm_collector()
        machines = dict(simulated.machines)
    else:
        spec = describe(settings, addresses[0])
        host = urlsplit(addresses[0]).hostname or settings.host
        server_of_credential: list[BorgletServer] = []
        packages = PackageCache(
            files.data / "packages",
            lambda digest: borgmaster.package(
                digest, server_of_credential[0].allegiance.credential
            ),
            clock,
        )
        local = LocalMachine(spec, files, packages, HealthChecker(host), clock)
        machines = {spec.name: local}
    server = BorgletServer(files, allegiance, machines, clock)
    if local is not None:
        server_of_credential.append(server)
        runner = _runner(settings, files, host, clock, local)
        stack.push_async_callback(local.close)
        await local.open(runner, allegiance.cell)
    await _listen_with(server, sockets, _tls(settings), stack)
    if settings.address_file:
        await asyncio.to_thread(write_whole, settings.address_file, addresses[0].encode())
    log.info("%d machine(s) at %s", len(machines), addresses[0])
    joining = asyncio.create_task(keep_joined(borgmaster, server, machines, settings.join_token))
    stack.push_async_callback(_cancel, joining)
    return Started(joining, server, local)


def check(settings: Settings) -> None:
    """`InvalidConfig` for settings that cannot be or must not be."""
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise InvalidConfig("--tls-cert and --tls-key belong together")
    if not settings.tls_cert and not _is_loopback(settings.host):
        raise InvalidConfig(
            f"--listen {settings.host} is open to others, and orders would cross the network in the clear",
            hint="give --tls-cert and --tls-key, or listen on 127.0.0.1",
        )
    master = urlsplit(settings.borgmaster)
    if master.scheme not in ("http", "https") or not master.hostname:
        raise InvalidConfig(f"--master {settings.borgmaster} is no URL", hint="http://host:port")
    if master.scheme == "http" and not _is_loopback(master.hostname):
        raise InvalidConfig(
            f"--master {settings.borgmaster} would send the join token across the network in the clear",
            hint="use https beyond this machine",
        )
    if not 1 <= settings.lowest_port <= settings.highest_port <= 65535:
        raise InvalidConfig(f"no port range: {settings.lowest_port}-{settings.highest_port}")
    for flag, amount in (
        ("cpu", settings.cpu),
        ("ram", settings.ram),
        ("disk", settings.disk),
        ("ports", settings.ports),
    ):
        if amount is not None and amount < 0:
            raise InvalidConfig(f"--{flag} must not be negative: {amount}")
    if settings.name is not None and not MACHINE_PATTERN.match(settings.name):
        raise InvalidConfig(f"--name {settings.name!r} cannot name a machine")


def describe(settings: Settings, address: str) -> MachineSpec:
    """This machine as it joins."""
    ports = settings.highest_port - settings.lowest_port + 1
    found = machine_capacity(settings.data, ports)
    capacity = Resources(
        cpu=found.cpu if settings.cpu is None else settings.cpu,
        ram=found.ram if settings.ram is None else settings.ram,
        disk=found.disk if settings.disk is None else settings.disk,
        ports=found.ports if settings.ports is None else settings.ports,
    )
    return MachineSpec(
        name=settings.name or machine_name(),
        address=address,
        capacity=settings.offer.beside(capacity),
        attributes=machine_attributes() | settings.offer.attributes,
        devices=settings.offer.devices,
        sets=settings.offer.sets,
    )


def _runner(
    settings: Settings, files: BorgletFiles, host: str, clock: Clock, machine: LocalMachine
) -> ProcessRunner:
    # Two Borglets of one machine must not take each other's groups for leftovers.
    mark = blake2b(str(files.data).encode(), digest_size=6).hexdigest()
    limits: Limits = choose_limits_here(f"borg-{mark}") if settings.use_cgroups else WatchedLimits()
    log.info("limits are enforced by %s", limits.words)
    ports = PortBook(settings.lowest_port, settings.highest_port, new_seed())
    surroundings = RunnerSettings(files.data, compile_shim(files.data), host, settings.search_path)
    return ProcessRunner(surroundings, limits, ports, clock, machine.observe)


async def _listen_with(
    server: BorgletServer,
    sockets: list[socket.socket],
    tls: ssl.SSLContext | None,
    stack: AsyncExitStack,
) -> None:
    runner = web.AppRunner(
        server.app(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=True
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    for each in sockets:
        await web.SockSite(runner, each, ssl_context=tls).start()


def _only_one(data: Path) -> int:
    """A lock on the directory; `Conflict` when another Borglet works there."""
    fd = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise Conflict(
            f"another Borglet works in {data}", hint="end it, or give this one its own --data"
        ) from error
    return fd


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; `Conflict` when somebody else has the port."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Conflict(
            f"cannot listen on {host}:{port}: {error.strerror}",
            hint="choose another port with --listen, or 0 for any",
        ) from error


def _address(settings: Settings, listener: socket.socket) -> str:
    """The URL to be reached at; behind a wildcard, the host's name."""
    if settings.address:
        return settings.address.rstrip("/")
    scheme = "https" if settings.tls_cert else "http"
    host = socket.gethostname() if settings.host in ("0.0.0.0", "::", "") else settings.host
    port = listener.getsockname()[1]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidConfig(f"cannot use --tls-cert {settings.tls_cert}: {error}") from error
    return context


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
