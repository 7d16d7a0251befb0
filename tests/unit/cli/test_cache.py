"""A cache that can be lost, shared and attacked: it gives back what was put there, or nothing."""

import os
from multiprocessing import Process
from pathlib import Path

import pytest

from borgpy.cli.cache import Cache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a" / "b"


def test_what_was_put_is_there_for_the_next_process(folder: Path) -> None:
    assert Cache(folder).get("k") is None
    Cache(folder).put("k", b"content")
    assert Cache(folder).get("k") == b"content"
    assert Cache(folder).get("other") is None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["k.cache"]


def test_what_others_can_write_is_not_believed(folder: Path) -> None:
    Cache(folder).put("k", b"content")
    (folder / "k.cache").chmod(0o666)
    assert Cache(folder).get("k") is None
    Cache(folder).put("k", b"content")
    folder.chmod(0o777)
    assert Cache(folder).get("k") is None
    Cache(folder).put("new", b"content")
    assert not (folder / "new.cache").exists()


def test_another_users_folder_is_left_alone(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    Cache(folder).put("k", b"content")
    os.chown(folder, 12345, 12345)
    assert Cache(folder).get("k") is None
    Cache(folder).put("new", b"content")
    assert not (folder / "new.cache").exists()


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    Cache(folder).put("k", b"content")
    (folder / "k.cache").rename(tmp_path / "elsewhere")
    (folder / "k.cache").symlink_to(tmp_path / "elsewhere")
    assert Cache(folder).get("k") is None
    Cache(folder).put("k", b"new")
    assert Cache(folder).get("k") == b"new"
    assert not (folder / "k.cache").is_symlink()


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    for place in (tmp_path / "file" / "x", Path("/proc/self/nothing"), Path("/dev/null")):
        if place.parent == tmp_path / "file":
            place.parent.write_text("")
        Cache(place).put("k", b"content")
        assert Cache(place).get("k") is None


def test_what_was_made_longest_ago_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("borgpy.cli.cache._MOST_FILES", 10)
    monkeypatch.setattr("borgpy.cli.cache._SWEEP_EVERY", 1)
    cache = Cache(folder)
    for number in range(25):
        cache.put(f"k{number}", b"content")
        os.utime(folder / f"k{number}.cache", (number, number))
    assert sorted(path.stem for path in folder.iterdir()) == sorted(f"k{n}" for n in range(15, 25))


def test_no_more_than_so_many_bytes_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("borgpy.cli.cache._MOST_BYTES", 1000)
    monkeypatch.setattr("borgpy.cli.cache._SWEEP_EVERY", 1)
    cache = Cache(folder)
    cache.put("large", b"x" * 500)
    assert cache.get("large") is None
    for number in range(20):
        cache.put(f"k{number}", b"x" * 100)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1000


def test_any_number_of_processes_share_it(folder: Path) -> None:
    processes = [Process(target=_put_and_get, args=(folder, n)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert [path.name for path in folder.iterdir()] == ["k.cache"]


def _put_and_get(folder: Path, number: int) -> None:
    cache = Cache(folder)
    for _ in range(50):
        cache.put("k", bytes([number]) * 10_000)
        found = cache.get("k")
        assert found is not None
        assert len(set(found)) == 1
