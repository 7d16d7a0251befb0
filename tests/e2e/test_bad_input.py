"""Bad input: a clear message, the right exit code, and nothing changed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import msgspec
import pytest

from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.model.names import JobKey
from tests.e2e.cells import CELL, USER, Ended, TestCell, job_file

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

INVALID, NOT_FOUND, UNREACHABLE, NOT_ALLOWED, REFUSED, USAGE = 4, 5, 7, 8, 10, 64


@pytest.fixture(scope="module")
def busy(cell: TestCell, tmp_path_factory: pytest.TempPathFactory) -> TestCell:
    """A cell that runs a job, which nothing below may touch."""
    cell.run("up", job_file(tmp_path_factory.mktemp("jobs"), "web", replicas=1))
    cell.until_healthy("web", 1)
    return cell


@pytest.fixture
def unchanged(busy: TestCell) -> Iterator[TestCell]:
    """The cell, which is the same after the test as before: its jobs, tasks, machines, quota and history."""
    before = _all_of(busy)
    yield busy
    after = _all_of(busy)
    for what in before:
        assert after[what] == before[what], what


def _all_of(cell: TestCell) -> dict[str, object]:
    """What `borgcfg status`, `tasks`, `quota`, `machine list` and `events` show, without a process for each."""
    return asyncio.run(_asked(cell)) | {"record": cell.record()}


async def _asked(cell: TestCell) -> dict[str, object]:
    token = cell.layout.token.read_text()
    async with BorgmasterClient(Endpoint(cell.record().address, token)) as client:
        tasks = await client.tasks(JobKey(f"{USER}/web"))
        return {
            "jobs": [msgspec.structs.replace(job, seq=0) for job in await client.jobs()],
            "tasks": [msgspec.structs.replace(task, usage=None) for task in tasks],
            "quota": await client.quota(),
            "machines": [machine.name for machine in await client.machines()],
            "events": [event async for event in client.events()],
        }


class Bad(NamedTuple):
    """A job file with something wrong in it: what stands for what, and what is said about it."""

    old: str
    new: str
    place: str
    said: tuple[str, ...]


FILES = [
    pytest.param(
        Bad("replicas = 2", "replicas = = 2", "6:14", ("error[syntax]", "^")),
        id="a syntax error, with its place and a caret",
    ),
    pytest.param(
        Bad("replicas = 2", "replica = 2", "6:3", ("unknown field", "did you mean 'replicas'?")),
        id="an unknown field, with the one that was meant",
    ),
    pytest.param(
        Bad("./hello_world_webserver", "./hello_world_webservr", "3:12", ("there is no file",)),
        id="a program that is not there",
    ),
    pytest.param(
        Bad("ram = 64M", "ram = -64M", "5:37", ("requirements.ram", "too little")),
        id="a negative amount",
    ),
    pytest.param(
        Bad("ram = 64M", "ram = 5000000T", "5:37", ("requirements.ram",)),
        id="an absurd amount of RAM",
    ),
    pytest.param(
        Bad("cpu = 0.02", "cpu = 1000000", "5:26", ("requirements.cpu",)),
        id="an absurd number of cores",
    ),
    pytest.param(
        Bad("ram = 64M", "ram = 64s", "5:37", ("error[unit]", "requirements.ram")),
        id="a duration for RAM",
    ),
    pytest.param(
        Bad("ram = 64M", "ram = 100m", "5:37", ("error[unit]", "did you mean 100M")),
        id="milli where mega was meant",
    ),
    pytest.param(
        Bad("replicas = 2", "replicas = 0", "6:14", ("replicas", "borgcfg down")),
        id="no replicas",
    ),
    pytest.param(
        Bad("replicas = 2", "replicas = 10000000", "6:14", ("replicas", "100,000")),
        id="ten million replicas",
    ),
    pytest.param(
        Bad("port = %port%", "port = '%prot%'", "4:19", ("%prot%",)),
        id="an unknown placeholder",
    ),
]


@pytest.mark.parametrize("bad", FILES)
def test_a_wrong_job_file(unchanged: TestCell, tmp_path: Path, bad: Bad) -> None:
    file = job_file(tmp_path, "wrong")
    text = file.read_text()
    assert bad.old in text
    file.write_text(text.replace(bad.old, bad.new))
    ended = unchanged.try_("up", file)
    assert ended.code == INVALID, ended.all
    assert ended.out == ""
    first, *rest = ended.err.splitlines()
    assert first.startswith(f"{file}:{bad.place}"), ended.err
    assert ": error[" in first
    assert any(line.strip(" |").startswith("^") for line in rest), "a caret shows the place"
    for said in bad.said:
        assert said in ended.err
    _is_plain(ended)


def test_everything_wrong_is_said_at_once(unchanged: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "wrong", replicas=0)
    file.write_text(file.read_text().replace("ram = 64M", "ram = 64s").replace("disk", "dsik"))
    ended = unchanged.try_("up", file)
    assert ended.code == INVALID
    assert ended.err.count("error[") == 3, ended.err


def test_a_file_that_is_not_there(unchanged: TestCell) -> None:
    ended = unchanged.try_("up", "nothing.borg")
    assert ended.code == INVALID
    assert "nothing.borg cannot be read: No such file or directory" in ended.err
    assert "borgcfg init" in ended.err


def test_a_program_that_may_not_be_executed(unchanged: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "wrong")
    (tmp_path / "hello_world_webserver").chmod(0o644)
    ended = unchanged.try_("up", file)
    assert ended.code == INVALID
    assert "is not executable" in ended.err
    assert "chmod +x" in ended.err


def test_an_unknown_cell_in_the_file(unchanged: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "elsewhere")
    file.write_text(file.read_text().replace(f"cell = {CELL}", "cell = oz"))
    ended = unchanged.try_("up", file)
    assert ended.code == NOT_FOUND
    assert "unknown cell 'oz'; known: ic" in ended.err
    assert not (unchanged.layout.root.parent / "oz").exists(), "none is started on the side"


def test_an_unknown_cell_on_the_command_line(unchanged: TestCell) -> None:
    ended = unchanged.try_("status", "--cell", "oz")
    assert ended.code == NOT_FOUND
    assert "unknown cell 'oz'; known: ic" in ended.err


def test_an_unknown_job_with_the_one_that_was_meant(unchanged: TestCell) -> None:
    for command in ("status", "tasks", "why", "down", "logs"):
        ended = unchanged.try_(command, "wbe")
        assert ended.code == NOT_FOUND, (command, ended.all)
        assert "wbe" in ended.err
    assert "web" in unchanged.try_("status", "wbe").err


def test_an_unknown_task(unchanged: TestCell) -> None:
    for command in ("tasks", "why", "logs"):
        ended = unchanged.try_(command, "web/7")
        assert ended.code == NOT_FOUND, (command, ended.all)


@pytest.mark.parametrize("token", ["", "not-the-token"], ids=["no token", "a bad token"])
def test_who_shows_no_valid_token_may_do_nothing(
    unchanged: TestCell, tmp_path: Path, token: str
) -> None:
    extra = {"BORG_ADDR": unchanged.record().address, "BORG_TOKEN": token}
    file = job_file(tmp_path, "stolen")
    for command in (
        ("up", str(file)),
        ("down", "web"),
        ("status",),
        ("events",),
        ("logs", "web/0"),
    ):
        ended = unchanged.try_(*command, extra=extra)
        assert ended.code == NOT_ALLOWED, (command, ended.all)
        assert "token" in ended.err
        _is_plain(ended)


def test_more_than_the_quota_says_what_is_missing_and_by_how_much(
    unchanged: TestCell, tmp_path: Path
) -> None:
    limits = {
        (view["user"], view["band"]): view["limit"]
        for view in msgspec.json.decode(unchanged.run("quota", "get", "-o", "json").out)
    }
    cores = limits[(USER, "production")]["cpu"] // 1000
    file = job_file(tmp_path, "greedy", replicas=cores + 3, more="priority = production")
    file.write_text(file.read_text().replace("cpu = 0.02", "cpu = 1"))
    ended = unchanged.try_("up", file)
    assert ended.code == REFUSED, ended.all
    assert f"{USER} has not enough quota in the production band for job greedy" in ended.err
    assert "cpu exceeds the quota by 3" in ended.err
    assert f"{file}:5:" in ended.err, "it says where the amount is written"
    assert "fewer replicas" in ended.err
    assert unchanged.try_("status", "greedy").code == NOT_FOUND
    dry = unchanged.try_("up", file, "--dry-run", "server")
    assert dry.code == REFUSED


def test_a_version_that_is_not_the_present_one(unchanged: TestCell, tmp_path: Path) -> None:
    ended = unchanged.try_("up", job_file(tmp_path, "web", replicas=3), "--if-version", "7")
    assert ended.code == 6, ended.all
    assert "version" in ended.err


def test_nobody_at_the_address(unchanged: TestCell, tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    extra = {"BORG_ADDR": f"http://127.0.0.1:{port}", "BORG_TOKEN": "x"}
    for command in (("status",), ("up", str(job_file(tmp_path, "lost")))):
        ended = unchanged.try_(*command, extra=extra)
        assert ended.code == UNREACHABLE, ended.all
        assert f"127.0.0.1:{port}" in ended.err
        _is_plain(ended)


def test_a_cell_that_is_down(own_cell: TestCell, tmp_path: Path) -> None:
    own_cell.run("cell", "start")
    own_cell.run("cell", "stop")
    ended = own_cell.try_("status")
    assert ended.code == UNREACHABLE
    assert "borgcfg cell start ic" in ended.err
    assert own_cell.try_("cell", "status").code == UNREACHABLE
    assert own_cell.try_("down", "web").code == UNREACHABLE


def test_no_cell_at_all(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    nobody = TestCell(home)
    ended = nobody.try_("status")
    assert ended.code == NOT_FOUND
    assert "no cell is known" in ended.err
    assert "borgcfg cell start" in ended.err
    wrong = job_file(tmp_path, "wrong", replicas=0)
    assert nobody.try_("up", wrong).code == INVALID
    assert not nobody.layout.root.exists(), "a wrong file starts no cell"


USAGES = [
    pytest.param(("upp",), "Did you mean 'up'?", id="a misspelt command"),
    pytest.param((), "Usage", id="no command"),
    pytest.param(("up",), "FILE", id="no file"),
    pytest.param(("status", "--colour"), "No such option", id="an unknown option"),
    pytest.param(("kill", "web"), "web/3", id="kill without an index"),
    pytest.param(("up", "x", "--wait", "forever"), "forever", id="an unknown choice"),
    pytest.param(("status", "--timeout", "soon"), "no duration", id="a time-out that is none"),
    pytest.param(("quota", "set", USER, "batch"), "cpu=4", id="quota without amounts"),
]


@pytest.mark.parametrize(("arguments", "said"), USAGES)
def test_a_wrong_command_line(unchanged: TestCell, arguments: tuple[str, ...], said: str) -> None:
    ended = unchanged.try_(*arguments)
    assert ended.code == USAGE, ended.all
    assert said in ended.err
    _is_plain(ended)


@pytest.mark.parametrize("amount", ["cpu=-1", "ram=8s", "cpu=lots", "cpu"])
def test_a_quota_that_is_no_amount(unchanged: TestCell, amount: str) -> None:
    ended = unchanged.try_("quota", "set", "--", USER, "batch", amount)
    assert ended.code == INVALID, ended.all
    assert amount in ended.err


def _is_plain(ended: Ended) -> None:
    assert "Traceback" not in ended.err
