"""The project's root, and what may be read below it: seen by somebody who wants to read something else."""

import os
from pathlib import Path

import pytest

from borgpy.bcl.limits import Limits
from borgpy.bcl.loading.program import Unreadable
from borgpy.bcl.values import Wrong
from borgpy.cli.project import RootFiles, path_in, root_of
from borgpy.errors import InvalidConfig


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "base.borg").write_text("a = 1")
    (tmp_path / "secret").write_text("key = 'x'")
    return root


@pytest.mark.parametrize("marker", ["borg.lock", ".borgroot", ".git"])
def test_the_nearest_marked_folder_is_the_root(tmp_path: Path, marker: str) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert root_of(deep) == deep
    (tmp_path / marker).mkdir()
    assert root_of(deep) == tmp_path
    (tmp_path / "a" / "b" / marker).write_text("")
    assert root_of(deep) == tmp_path / "a" / "b"


def test_a_file_has_its_place_below_the_root(project: Path) -> None:
    assert path_in(project, project / "lib" / "base.borg") == "lib/base.borg"
    assert path_in(project, project / "lib" / ".." / "new.borg") == "new.borg"
    (project / "jobs").symlink_to(project / "lib")
    assert path_in(project, project / "jobs" / "base.borg") == "lib/base.borg"
    with pytest.raises(InvalidConfig, match="outside the project"):
        path_in(project, project.parent / "x.borg")


def test_a_file_below_the_root_is_read(project: Path) -> None:
    (project / "alias.borg").symlink_to("lib/base.borg")
    (project / "folder").symlink_to(project / "lib")
    files = RootFiles(project)
    for path in ("lib/base.borg", "alias.borg", "folder/base.borg"):
        assert files.read(path) == b"a = 1"
    for path in ("none.borg", "lib/base.borg/x", "lib/Base.borg"):
        assert files.read(path) is None
    assert list(files.names("lib")) == ["base.borg"]
    assert list(files.names("none")) == []


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("l", "../secret"),
        ("l", "/etc/passwd"),
        ("l", "/proc/self/environ"),
        ("l", "/dev/zero"),
        ("l/secret", ".."),
        ("l/etc/passwd", "/"),
    ],
)
def test_no_link_leads_out(project: Path, link: str, target: str) -> None:
    (project / link.split("/")[0]).symlink_to(target)
    files = RootFiles(project)
    with pytest.raises(Unreadable, match="leads out of the project"):
        files.read(link)
    assert list(files.names("l")) == []


def test_a_folder_whose_name_begins_like_the_root_is_outside(project: Path) -> None:
    twin = project.with_name("project2")
    twin.mkdir()
    (twin / "x").write_text("a = 1")
    (project / "l").symlink_to(twin / "x")
    with pytest.raises(Unreadable, match="leads out"):
        RootFiles(project).read("l")


def test_what_is_no_regular_file_is_never_opened(project: Path) -> None:
    os.mkfifo(project / "pipe")
    (project / "loop").symlink_to("loop")
    (project / "through").symlink_to("pipe")
    files = RootFiles(project)
    for path, reason in [
        ("pipe", "is no regular file"),
        ("through", "is no regular file"),
        ("lib", "is a folder"),
        ("loop", "cannot be read"),
        ("x" * 300, "cannot be read: File name too long"),
    ]:
        with pytest.raises(Unreadable, match=reason):
            files.read(path)


def test_no_more_is_read_than_a_source_may_have(project: Path) -> None:
    with (project / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Wrong, match="more than 100 characters") as caught:
        RootFiles(project, Limits(source=100)).read("huge")
    assert (caught.value.code, "--max-source" in caught.value.help) == ("limit", True)


def test_without_permission_it_is_said_so(project: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (project / "lib" / "base.borg").chmod(0)
    with pytest.raises(Unreadable, match="Permission denied"):
        RootFiles(project).read("lib/base.borg")


def test_the_whole_file_system_is_no_project() -> None:
    with pytest.raises(Unreadable, match="--root"):
        RootFiles(Path("/")).read("etc/hostname")


def test_files_are_shown_from_where_one_stands(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "lib")
    files = RootFiles(project)
    assert [files.shown(path) for path in ("lib/base.borg", "x.borg")] == ["base.borg", "../x.borg"]
