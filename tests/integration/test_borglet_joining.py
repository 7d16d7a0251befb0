"""How a Borglet finds and keeps its cell."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import aiohttp
import pytest

from borgpy.borglet import joining
from borgpy.borglet.borgmaster import Borgmaster
from borgpy.borglet.joining import UNPOLLED_SECONDS, keep_joined
from borgpy.borglet.machine import Machine
from borgpy.borglet.server import BorgletServer
from borgpy.borglet.simulate import SimulatedMachines, Simulation
from borgpy.borglet.state import Allegiance, BorgletFiles
from borgpy.clock import ManualClock
from borgpy.errors import Conflict
from tests.integration.borglet_rig import (
    CREDENTIAL,
    JOIN_TOKEN,
    BorgletProcess,
    SmallBorgmaster,
    until,
)


async def test_a_borglet_that_nobody_polls_joins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "LOOK_SECONDS", 0.01)
    clock, files, token = ManualClock(), BorgletFiles(tmp_path), tmp_path / "token"
    token.write_text(JOIN_TOKEN)
    async with SmallBorgmaster().serving() as small:
        simulated = SimulatedMachines(Simulation(machines=2), ["http://127.0.0.1:1"], clock)
        machines: dict[str, Machine] = dict(simulated.machines)
        server = BorgletServer(files, Allegiance(), machines, clock)
        borgmaster = Borgmaster(small.address)
        staying = asyncio.create_task(keep_joined(borgmaster, server, machines, token))
        await until(lambda: len(small.joins) == 1)
        assert files.load_allegiance() == server.allegiance == Allegiance("ic", CREDENTIAL, 0)
        clock.advance(int(UNPOLLED_SECONDS * 1000) - 1)
        await asyncio.sleep(0.1)
        assert len(small.joins) == 1
        clock.advance(1)
        await until(lambda: len(small.joins) == 2)
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)
        await borgmaster.close()
        await simulated.close()


async def test_a_borglet_does_not_change_its_cell(tmp_path: Path) -> None:
    clock, files, token = ManualClock(), BorgletFiles(tmp_path), tmp_path / "token"
    token.write_text(JOIN_TOKEN)
    async with SmallBorgmaster().serving() as small:
        simulated = SimulatedMachines(Simulation(machines=1), ["http://127.0.0.1:1"], clock)
        mine = Allegiance("other", "old", 3)
        machines: dict[str, Machine] = dict(simulated.machines)
        server = BorgletServer(files, mine, machines, clock)
        borgmaster = Borgmaster(small.address)
        with pytest.raises(Conflict, match="is cell ic, and this Borglet belongs to other"):
            await keep_joined(borgmaster, server, machines, token)
        assert server.allegiance == mine
        await borgmaster.close()
        await simulated.close()


@pytest.mark.slow
async def test_only_one_borglet_works_in_a_directory(tmp_path: Path) -> None:
    async with SmallBorgmaster().serving() as small:
        first, second = BorgletProcess(small, tmp_path), BorgletProcess(small, tmp_path)
        await first.start()
        await until(lambda: bool(small.joins))
        await second.start()
        assert await second.process.wait() == 6
        assert "another Borglet works in" in first.log()
        await first.end()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
async def test_beyond_loopback_a_borglet_speaks_tls(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    make += ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)]
    await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True)
    async with SmallBorgmaster().serving() as small:
        flags = ("--tls-cert", str(cert), "--tls-key", str(key))
        borglet = BorgletProcess(small, tmp_path, *flags)
        await borglet.start()
        await until(lambda: bool(small.joins))
        (address,) = small.machines.values()
        assert address.startswith("https://127.0.0.1:")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{address}/healthz", ssl=False) as answer,
        ):
            assert answer.status == 200
        await borglet.end()
