"""Two jobs share an alloc on a real cell: they answer, they follow it when it is killed, and come back with it."""

from pathlib import Path

import pytest

from borgpy.model.lifecycle import Phase
from borgpy.shipped import shipped
from tests.e2e.cells import TestCell, answer, job_file, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOM = """
alloc_set room = {
  runtime = { cell = ic }
  replicas = 1
  requirements = { cpu = 0.1 ram = 160M disk = 64M }
}
"""

IN_ROOM = "alloc = 'room' health = { grace = 10s interval = 200ms }"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A file with an alloc set for one web server and the one beside it."""
    web = job_file(tmp_path, "web", replicas=1, more=IN_ROOM)
    logs = job_file(tmp_path, "logs", replicas=1, more=IN_ROOM)
    file = tmp_path / "shop.borg"
    file.write_text(web.read_text() + logs.read_text() + ROOM)
    return file


def test_tasks_of_two_jobs_share_an_alloc_and_follow_it(own_cell: TestCell, shop: Path) -> None:
    cell = own_cell
    cell.run("up", shop, "--verify")
    (alloc,) = cell.tasks("room")
    assert alloc.within is not None
    assert alloc.within.tasks == ("alice/logs/0", "alice/web/0")
    assert "room" in cell.run("why", "room").out
    before = {name: cell.tasks(name)[0] for name in ("web", "logs")}
    assert {task.alloc for task in before.values()} == {"alice/room/0"}
    machine = alloc.machine
    assert {task.machine for task in before.values()} == {machine}

    cell.run("kill", "room/0")
    waiting = until(lambda: _waiting(cell), "both tasks pending")
    assert waiting == {"alice/room/0"}
    assert "no alloc of alice/room has a place yet" in cell.run("why", "web/0").out

    cell.run("up", shop)
    for name, task in before.items():
        (again,) = cell.until_healthy(name, 1)
        assert (again.alloc, again.evictions) == ("alice/room/0", 1)
        assert again.incarnation > task.incarnation
        assert answer(again.url)

    cell.run("down", shop, "--purge")
    assert cell.run("machine", "list", "-o", "json").out.count("alice/") == 0


def test_wordcount_runs_as_it_is_shipped(own_cell: TestCell, tmp_path: Path) -> None:
    file = shipped("jobspecs") / "wordcount" / "wordcount.borg"
    own_cell.run("up", file, "--set", "shards=2", "--set", f"spool={tmp_path}", "--wait", "running")
    until(lambda: _finished(own_cell, "wordcount_master"), "the words counted")
    assert own_cell.run("logs", "wordcount_master").out
    (first, second) = own_cell.tasks("counting_room")
    assert first.within is not None
    assert second.within is not None
    assert (first.within.tasks, second.within.tasks) == ((), ()), (
        "the room stays, and nobody is in it"
    )
    own_cell.run("down", file, "--set", "shards=2", "--purge")


def _finished(cell: TestCell, name: str) -> bool:
    return all(task.phase is Phase.FINISHED for task in cell.tasks(name))


def _waiting(cell: TestCell) -> set[str] | None:
    """Of which alloc both tasks say that they left it, once they are pending."""
    tasks = [cell.tasks(name)[0] for name in ("web", "logs")]
    if not all(task.phase is Phase.WAITING for task in tasks):
        return None
    return {task.reason.split()[2] for task in tasks}
