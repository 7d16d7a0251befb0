"""`borgcfg machine remove` and `borgcfg events` against a real Borgmaster."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.model.orders import Join
from tests.builders import a_machine
from tests.fakes.processes import TOKENS, Served, a_served_borgmaster
from tests.integration.borgcfg_lines import CommandLine

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with a_served_borgmaster(tmp_path / "cell") as one:
        yield one


@pytest.fixture
def shell(
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    monkeypatch.setenv("BORG_ADDR", served.address)
    monkeypatch.setenv("BORG_TOKEN", TOKENS["root"][0])
    return CommandLine(tmp_path, monkeypatch, capsys)


async def join(served: Served, name: str) -> None:
    async with BorgmasterClient(Endpoint(served.address, TOKENS["borglets"][0])) as client:
        await client.join(Join((a_machine(name),)))


def test_a_machine_that_is_gone_is_forgotten(served: Served, shell: CommandLine) -> None:
    asyncio.run(join(served, "m1"))
    assert shell.types("machine", "remove", "m2").code == 5
    removed = shell.types("machine", "remove", "m1")
    assert (removed.code, removed.out) == (0, "m1 has left the cell\n")
    assert shell.types("machine", "list").out == "no machines\n"


def test_events_leave_out_what_is_routine_unless_asked(served: Served, shell: CommandLine) -> None:
    asyncio.run(join(served, "m1"))
    told = shell.types("events").out
    assert "machine m1 joined" in told
    assert "was accepted" not in told
    assert "a request of borglets was accepted" in shell.types("-v", "events").out
    kinds = {view["event"]["event"] for view in map(_json, _lines(shell, "-o", "json", "events"))}
    assert "answered" in kinds


def _lines(shell: CommandLine, *arguments: str) -> list[str]:
    return shell.types(*arguments).out.splitlines()


def _json(line: str) -> dict[str, dict[str, str]]:

    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_a_folder_that_cannot_be_made_is_named(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BORG_ADDR", "BORG_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/nothing/goes/here")
    said = shell.types("cell", "start", "ic")
    assert said.code == 1
    assert "/proc/nothing" in said.err
    assert "Traceback" not in said.err
