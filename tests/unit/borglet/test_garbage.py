"""How long the sandboxes of the dead are kept."""

from pathlib import Path

from borgpy.borglet.facts import Instance
from borgpy.borglet.garbage import HOUR_MS, KEPT_MOST, KEPT_MS, collect_garbage, mark_dead
from borgpy.borglet.sandbox import sandbox_of
from borgpy.model.names import JobKey

NOW = 100 * KEPT_MS


def a_sandbox(data: Path, index: int, died_at: int | None = None) -> Instance:
    task = Instance(JobKey("alice/web"), index, 1)
    sandbox = sandbox_of(data, task)
    sandbox.prepare(1)
    if died_at is not None:
        mark_dead(sandbox, died_at)
    return task


def test_the_dead_are_kept_for_a_day_and_the_living_for_ever(tmp_path: Path) -> None:
    alive = a_sandbox(tmp_path, 0)
    old = a_sandbox(tmp_path, 1, NOW - KEPT_MS - 1)
    young = a_sandbox(tmp_path, 2, NOW - KEPT_MS)
    assert collect_garbage(tmp_path, {alive}, NOW) == [old]
    assert sandbox_of(tmp_path, young).logs.is_dir()
    assert collect_garbage(tmp_path, {alive}, NOW + 100 * KEPT_MS) == [young]
    assert sandbox_of(tmp_path, alive).logs.is_dir()


def test_of_many_the_newest_are_kept_and_the_rest_for_an_hour(tmp_path: Path) -> None:
    tasks = [a_sandbox(tmp_path, i, NOW - i * HOUR_MS // 60) for i in range(KEPT_MOST + 20)]
    assert collect_garbage(tmp_path, set(), NOW) == tasks[KEPT_MOST:]


def test_what_died_unnoticed_is_counted_from_when_it_is_found(tmp_path: Path) -> None:
    task = a_sandbox(tmp_path, 0)
    assert collect_garbage(tmp_path, set(), NOW) == []
    assert collect_garbage(tmp_path, set(), NOW + KEPT_MS + 1) == [task]
