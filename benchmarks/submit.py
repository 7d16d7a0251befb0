"""A large job through HTTP to a live Borgmaster: how long until it is accepted, placed and durable, and running.

Borgmaster (on SQLite or a PostgreSQL brought from a wheel) and simulated Borglets are processes of their own. Meanwhile /healthz is asked every few
milliseconds, to find whether anything holds the Borgmaster's event loop. Every figure is the median over the rounds
(each with a fresh cell) except ``healthz_max_ms``, the worst of all.
"""

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import aiohttp

from benchmarks.frame import Metrics, Stopwatch, run
from borgpy.cli.embedded import Programs
from borgpy.cli.embedded_start import EmbeddedCell
from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.clock import new_id
from borgpy.model.resources import Resources
from borgpy.model.spec import JobSpec, Package, TaskSpec
from borgpy.store.engine import open_engine
from borgpy.store.migrate import upgrade
from tests.fakes.postgres import Postgres, running_postgres

MIB = 1 << 20
PROBE_SECONDS = 0.005
DEADLINE_SECONDS = 120.0


def the_job(replicas: int, package: Package) -> JobSpec:
    """The lecture's job."""
    task = TaskSpec(
        package=package,
        args={"port": "%port%"},
        requirements=Resources(cpu=100, ram=100 * MIB, disk=100 * MIB),
        ports=("port",),
    )
    return JobSpec("hello_world", "bench", "ic", task, replicas=replicas)


async def probe(address: str, worst: list[float]) -> None:
    """Ask /healthz again and again; keep how long each answer took, in milliseconds."""
    async with aiohttp.ClientSession() as http:
        while True:
            watch = Stopwatch()
            async with http.get(f"{address}/healthz") as response:
                await response.read()
            worst.append(watch.ms())
            await asyncio.sleep(PROBE_SECONDS)


async def one_round(options: argparse.Namespace, folder: Path, store: str) -> dict[str, float]:
    command = Programs().borgmaster + (("--store", store) if store else ())
    cell = EmbeddedCell(folder / "ic", "bench", lambda _: None, Programs(borgmaster=command))
    recorded = await cell.start(simulate=options.machines)
    try:
        token = cell.layout.token.read_text().strip()
        async with BorgmasterClient(Endpoint(recorded.address, token)) as client:
            return await submit_and_watch(client, recorded.address, options.tasks, folder)
    finally:
        await cell.stop(keep_tasks=False)


async def submit_and_watch(
    client: BorgmasterClient, address: str, tasks: int, folder: Path
) -> dict[str, float]:
    binary = folder / "server"
    binary.write_text("#!/bin/sh\nexec sleep 1000\n")
    package = Package("server", _digest(binary), binary.stat().st_size)
    await client.upload(package, binary)
    spec = the_job(tasks, package)
    answers: list[float] = []
    probing = asyncio.create_task(probe(address, answers))
    await asyncio.sleep(0.2)
    watch = Stopwatch()
    accepted = await client.submit(spec, request_id=new_id())
    found = {"accepted_ms": watch.ms()}
    seq, end = accepted.seq, time.monotonic() + DEADLINE_SECONDS
    while "running_ms" not in found and time.monotonic() < end:
        view = await client.job(spec.key, after=seq, wait_ms=1000)
        seq = view.seq
        if view.pending == 0 and "placed_ms" not in found:
            found["placed_ms"] = watch.ms()
        if view.running == tasks:
            found["running_ms"] = watch.ms()
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    return found | {
        "healthz_max_ms": max(answers),
        "healthz_p99_ms": sorted(answers)[int(len(answers) * 0.99)],
    }


def measure(options: argparse.Namespace) -> Metrics:
    rounds = []
    with ExitStack() as stack:
        server = stack.enter_context(running_postgres()) if options.store == "postgresql" else None
        for number in range(options.rounds):
            store = a_database(server, number) if server else ""
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            rounds.append(asyncio.run(one_round(options, folder, store)))
    missing = [found for found in rounds if "running_ms" not in found]
    if missing:
        raise SystemExit(f"not everything ran within {DEADLINE_SECONDS:g} s: {missing}")
    names = ("accepted_ms", "placed_ms", "running_ms", "healthz_p99_ms")
    medians = {name: statistics.median(found[name] for found in rounds) for name in names}
    return medians | {"healthz_max_ms": max(found["healthz_max_ms"] for found in rounds)}


def a_database(server: Postgres, number: int) -> str:
    """An empty cell in PostgreSQL; its URL."""
    url = server.create(f"bench_{number}")
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("submit", description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--machines", type=int, default=10_000)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


if __name__ == "__main__":
    run(flags(), measure)
