"""Alloc sets on the command line: sent before the jobs in them, stopped after these, and shown with what is in them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from borgpy.model.alloc import AllocSetSpec
from borgpy.model.api import AllocView
from borgpy.model.refusal import Accepted
from borgpy.model.resources import Resources
from tests.builders import GIB, LARGE, MIB, a_job, an_alloc_set
from tests.fakes.borgmaster import FakeBorgmaster, a_task, a_view
from tests.integration.borgcfg_lines import CommandLine

FILE = """\
job web = { runtime = { cell = "ic" } binary = ./server alloc = "room" }
job apart = { runtime = { cell = "ic" } binary = ./server }
alloc_set room = { runtime = { cell = "ic" } replicas = 2 requirements = { cpu = 1, ram = 1GiB } }
alloc_set spare = { runtime = { cell = "ic" } }
"""

ROOM = an_alloc_set()


@pytest.fixture
def fake() -> Iterator[FakeBorgmaster]:
    master = FakeBorgmaster()
    with master.serving():
        yield master


@pytest.fixture
def shell(
    fake: FakeBorgmaster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    shell = CommandLine(tmp_path, monkeypatch, capsys)
    shell.knows(fake)
    shell.writes_job()
    (shell.home / "rooms.borg").write_text(FILE)
    return shell


def submitted(fake: FakeBorgmaster) -> list[str]:
    return [seen.path for seen in fake.asked("PUT", "/v1/") if "dry_run" not in seen.query]


def test_up_sends_alloc_sets_before_the_jobs(shell: CommandLine, fake: FakeBorgmaster) -> None:
    said = shell.types("up", "rooms.borg")
    assert said.code == 0, said.err
    sent = [path for path in submitted(fake) if "packages" not in path]
    assert sent == [
        "/v1/allocs/alice/room",
        "/v1/allocs/alice/spare",
        "/v1/jobs/alice/web",
        "/v1/jobs/alice/apart",
    ]
    (first, *_) = fake.asked("PUT", "/v1/allocs/alice/room")
    asked = msgspec.json.decode(first.body, type=AllocSetSpec)
    assert (asked.replicas, asked.requirements.ram) == (2, GIB)


def test_a_job_that_is_chosen_brings_its_alloc_set(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    assert shell.types("up", "rooms.borg", "web").code == 0
    sent = [path for path in submitted(fake) if "packages" not in path]
    assert sent == ["/v1/allocs/alice/room", "/v1/jobs/alice/web"]
    assert shell.types("up", "rooms.borg", "spare").code == 0
    assert submitted(fake)[-1] == "/v1/allocs/alice/spare"


def test_what_runs_in_an_alloc_set_that_is_still_to_come_is_not_asked_about_before(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fake.accepted = Accepted(seq=2, version=1, created=2)
    said = shell.types("up", "rooms.borg", "--dry-run", "server")
    assert said.code == 0
    dry = [seen.path for seen in fake.asked("PUT", "/v1/") if "dry_run" in seen.query]
    assert dry == ["/v1/allocs/alice/room", "/v1/allocs/alice/spare", "/v1/jobs/alice/apart"]
    assert "web: not known before its alloc set is as the file says" in said.err


def test_down_stops_a_files_jobs_before_its_alloc_sets(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    for spec in (ROOM, an_alloc_set("spare"), a_job("web", alloc="room"), a_job("apart")):
        fake.jobs[spec.key] = [a_view(spec, healthy=spec.replicas)]
    said = shell.types("down", "rooms.borg", "--detach")
    assert said.code == 0
    stopped = [seen.path.rpartition("/")[2] for seen in fake.asked("DELETE")]
    assert stopped == ["web", "apart", "room", "spare"]
    assert "alice/room: 2 allocs to end" in said.err


def test_status_tells_what_is_in_which_alloc(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.jobs[ROOM.key] = [a_view(ROOM, healthy=1, waiting=1)]
    used = Resources(cpu=250, ram=512 * MIB)
    placed = msgspec.structs.replace(
        a_task(ROOM, 0), within=AllocView(LARGE, used, ("alice/web/0", "alice/logs/2"))
    )
    fake.tasks[ROOM.key] = [placed]
    lines = shell.types("status", "room").out.splitlines()
    assert lines[2] == "  1 placed, 1 waiting"
    assert lines[3:] == [
        "  allocs:",
        "    0 on m1: 0.25 cores of 1 core, 512 MiB of 1 GiB, 0 B of 1 GiB"
        " used by alice/web/0, alice/logs/2",
    ]
    web = a_job(alloc="room", replicas=1)
    fake.jobs[web.key] = [a_view(web, healthy=1)]
    assert "  in alloc set room" in shell.types("status", "web").out.splitlines()


def test_a_file_of_alloc_sets_alone_is_fine(shell: CommandLine, fake: FakeBorgmaster) -> None:
    (shell.home / "only.borg").write_text('alloc_set room = { runtime = { cell = "ic" } }\n')
    assert shell.types("up", "only.borg").code == 0
    assert submitted(fake) == ["/v1/allocs/alice/room"]
    assert shell.types("validate", "only.borg").code == 0
