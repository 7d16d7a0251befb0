"""Job files that import others: roots, parameters, limits and locks, also with somebody in the project who means harm."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.borgcfg_lines import CommandLine

LIBRARY = """\
param cell: string = "ic"
hidden replicas = 2
template base = {
  runtime = { cell = up.up.cell }
  binary = ./server
  requirements = { ram = 100M, cpu = 0.1 }
}
"""

JOB = """\
local lib = import "../lib/base.borg"
param n: int = 3
param wait: duration = 30s
job web = lib.base {
  replicas = n
  requirements { ram = super.ram * 4 }
}
wait_for = wait
"""


LONG = f"hidden s = '{'x' * 1000}'\n"
ROW = "hidden r = [s for i in range(1000)]\n"


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def project(shell: CommandLine) -> Path:
    root = shell.home / "project"
    for folder in ("lib", "jobs"):
        (root / folder).mkdir(parents=True)
    (root / ".borgroot").touch()
    (root / "lib" / "base.borg").write_text(LIBRARY)
    (root / "lib" / "server").write_text("#!/bin/sh\n")
    (root / "lib" / "server").chmod(0o755)
    (root / "jobs" / "web.borg").write_text(JOB)
    os.chdir(root)
    return root


def data(shell: CommandLine, *arguments: str) -> dict[str, object]:
    said = shell.types("render", "--data", *arguments)
    assert said.code == 0, said.err
    result: dict[str, object] = said.json()
    return result


def imports(project: Path, what: str) -> str:
    """A job file that imports something."""
    (project / "x.borg").write_text(f'x = import "{what}"\n')
    return "x.borg"


class TestRoot:
    def test_a_program_lies_beside_the_file_that_names_it(
        self, shell: CommandLine, project: Path
    ) -> None:
        assert shell.types("validate", "jobs/web.borg").code == 0
        (spec,) = shell.types("render", "jobs/web.borg").json()
        assert spec["task"]["package"]["digest"] == hashlib.sha256(b"#!/bin/sh\n").hexdigest()
        (project / "lib" / "server").unlink()
        said = shell.types("validate", "jobs/web.borg")
        assert said.code == 4
        assert said.err.startswith("lib/base.borg:5:12: error[missing]: there is no file")

    def test_without_a_mark_the_files_own_folder_is_the_root(
        self, shell: CommandLine, project: Path
    ) -> None:
        (project / ".borgroot").unlink()
        said = shell.types("validate", "jobs/web.borg")
        assert said.code == 4
        assert "'../lib/base.borg' lies outside the project" in said.err
        assert shell.types("validate", "jobs/web.borg", "--root", ".").code == 0

    def test_a_file_outside_the_root_is_refused(self, shell: CommandLine, project: Path) -> None:
        said = shell.types("validate", "jobs/web.borg", "--root", "lib")
        assert said.code == 4
        assert "lies outside the project" in said.err
        assert shell.types("validate", "jobs/web.borg", "--root", "nowhere").code == 64

    def test_places_are_told_from_where_one_stands(self, shell: CommandLine, project: Path) -> None:
        (project / "lib" / "base.borg").write_text("template base = {\n  x = = 1 }")
        os.chdir(project / "jobs")
        said = shell.types("validate", "web.borg")
        assert said.err.startswith("../lib/base.borg:2:7: error[syntax]")
        assert "via   imported  web.borg:1:13" in said.err

    def test_stdin_imports_from_where_one_stands(
        self, shell: CommandLine, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project / "jobs")
        command = [sys.executable, "-m", "borgpy.cli.borgcfg", "render", "--data", "-"]
        done = subprocess.run(
            command, input=JOB.encode(), capture_output=True, check=False, cwd=project / "jobs"
        )
        assert json.loads(done.stdout)["wait_for"] == 30

    def test_so_does_what_a_shell_hands_over_in_a_pipe(
        self, shell: CommandLine, project: Path
    ) -> None:
        own = f"{sys.executable} -m borgpy.cli.borgcfg"
        line = f"{own} render --data <(sed s/30s/31s/ web.borg)"
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, check=False, cwd=project / "jobs"
        )
        assert json.loads(done.stdout)["wait_for"] == 31


class TestParameters:
    def test_the_command_line_comes_before_a_file_before_the_default(
        self, shell: CommandLine, project: Path
    ) -> None:
        (project / "p.json").write_text('{"n": 7, "wait": 5}')
        (project / "p.borg").write_text("n = 3 + 5\nwait = 6s")
        name = "jobs/web.borg"
        assert data(shell, name)["wait_for"] == 30
        assert data(shell, name, "--set", "wait=1min")["wait_for"] == 60
        assert data(shell, name, "--params", "p.json")["wait_for"] == 5
        assert data(shell, name, "--params", "p.borg")["wait_for"] == 6
        both = data(shell, name, "--params", "p.json", "--set", "wait = 2s", "--set", "n=1")
        assert both["wait_for"] == 2
        assert both["job"]["web"]["replicas"] == 1  # type: ignore[index]

    def test_what_a_file_has_besides_is_only_a_warning(
        self, shell: CommandLine, project: Path
    ) -> None:
        (project / "p.json").write_text('{"n": 7, "more": 5}')
        said = shell.types("validate", "jobs/web.borg", "--params", "p.json")
        assert said.code == 0
        assert "warning: p.json: jobs/web.borg has no parameter 'more'" in said.err

    @pytest.mark.parametrize(
        ("given", "code", "said"),
        [
            (["--set", "m=1"], 4, "error[param]: unknown parameter 'm'"),
            (["--set", "n=x"], 4, "jobs/web.borg:2:7: error[param]: parameter 'n' wants int"),
            (["--set", "n"], 64, "NAME=VALUE"),
            (["--params", "none.json"], 4, "none.json cannot be read"),
            (["--params", "list.json"], 4, "list.json:1:1: error[type]: an object is wanted"),
            (["--params", "bad.json"], 4, "bad.json:1:2: error[import]: this is not JSON"),
        ],
    )
    def test_wrong_ones_are_told(
        self, shell: CommandLine, project: Path, given: list[str], code: int, said: str
    ) -> None:
        (project / "list.json").write_text("[]")
        (project / "bad.json").write_text("{1: 2}")
        result = shell.types("validate", "jobs/web.borg", *given)
        assert result.code == code
        assert said in result.err


class TestLimits:
    @pytest.mark.parametrize(
        ("text", "flag", "enough"),
        [
            ("x = len(range(600000)) + len(range(600000))", "steps", "3000000"),
            ("x = len([1 for i in range(1000001)])", "list", "2000000"),
            (f"x = {'[' * 300}{']' * 300}", "nesting", "400"),
            ("local f = lambda n: if n == 0 then 0 else f(n - 1)\nx = f(2000)", "depth", "5000"),
            (f"{LONG}x = len(join([s for i in range(1100)], ''))", "string", "2000000"),
            (f"{LONG}{ROW}x = [r for i in range(1001)]", "output", "2000000"),
            (f"{LONG}{ROW}x = [r for i in range(70)]", "output-bytes", "90000000"),
            ("x = 1 //" + " " * (5 << 20), "source", "6000000"),
        ],
    )  # fmt: skip
    def test_each_names_the_flag_that_raises_it(
        self, shell: CommandLine, text: str, flag: str, enough: str
    ) -> None:
        (shell.home / "x.borg").write_text(text)
        said = shell.types("validate", "x.borg")
        assert said.code == 4
        assert f"--max-{flag}" in said.err
        raised = [f"--max-{flag}", enough]
        if flag in ("list", "output"):
            raised += ["--max-steps", "9000000", "--max-output-bytes", "9000000000"]
        said = shell.types("validate", "x.borg", *raised)
        assert said.code == 0, said.err[:500]

    def test_time_is_one_of_them(self, shell: CommandLine) -> None:
        loop = "x = len([1 for i in range(900) for j in range(900)])"
        (shell.home / "x.borg").write_text(loop)
        said = shell.types("validate", "x.borg", "--max-seconds", "0.01")
        assert said.code == 4
        assert "error[limit]" in said.err
        assert "--max-seconds" in said.err


class TestHarm:
    """Nothing outside of the project is read, and nothing within it can make borgcfg wait or fall."""

    @pytest.mark.parametrize(
        ("what", "said"),
        [
            ("/etc/passwd", "is an absolute path"),
            ("../secret.borg", "lies outside the project"),
            ("link.borg", "is a symbolic link that leads out of the project"),
            ("out/secret.borg", "is a symbolic link that leads out of the project"),
            ("environ", "is a symbolic link that leads out of the project"),
            ("pipe", "is no regular file"),
            ("lib", "is a folder"),
            ("loop", "cannot be read"),
            ("huge", "has more than 4,194,304 characters"),
            ("binary", "is not UTF-8"),
            ("Lib/base.borg", "there is no file Lib/base.borg"),
            ("lib/Base.borg", "did you mean 'base.borg'?"),
            ("x.borg", "import cycle: x.borg -> x.borg"),
        ],
    )
    def test_imports(self, shell: CommandLine, project: Path, what: str, said: str) -> None:
        (shell.home / "secret.borg").write_text("secret = 'hunter2'")
        (project / "link.borg").symlink_to("../secret.borg")
        (project / "out").symlink_to("..")
        (project / "environ").symlink_to("/proc/self/environ")
        (project / "loop").symlink_to("loop")
        os.mkfifo(project / "pipe")
        with (project / "huge").open("wb") as file:
            file.truncate(1 << 40)
        (project / "binary").write_bytes(b"\xff\xfe\x00")
        result = shell.types("validate", imports(project, what))
        assert result.code == 4
        assert said in result.err
        assert "hunter2" not in result.err
        assert "root:" not in result.err

    def test_a_folder_that_links_to_itself_ends(self, shell: CommandLine, project: Path) -> None:
        (project / "self").symlink_to(".")
        result = shell.types("validate", imports(project, "self/x.borg"))
        assert result.code == 4
        assert "cannot be read" in result.err or "error[limit]" in result.err

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbfa = 1\r\nb = 2\r\n",
            b"a = 1\rb = 2",
            b"a = 1\nb = 2",
            b"\xef\xbb\xbfa=1,b=2",
        ],
        ids=["bom and crlf", "cr", "lf", "bom"],
    )
    def test_line_ends_and_byte_order_marks_are_no_matter(
        self, shell: CommandLine, project: Path, content: bytes
    ) -> None:
        (project / "y.borg").write_bytes(content)
        (project / "x.borg").write_bytes(content + b'\r\nx = (import "y.borg").b\r\n')
        assert data(shell, "x.borg")["x"] == 2

    def test_what_may_not_be_read_is_said_so(self, shell: CommandLine, project: Path) -> None:
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        (project / "lib" / "base.borg").chmod(0)
        assert "Permission denied" in shell.types("validate", "jobs/web.borg").err


class TestKeptSyntax:
    """What was parsed once is kept; that never changes what is said."""

    def kept(self, shell: CommandLine) -> list[Path]:
        return sorted((shell.home / "cache" / "borgpy" / "syntax").iterdir())

    def test_of_every_file_and_none_twice(self, shell: CommandLine, project: Path) -> None:
        first = data(shell, "jobs/web.borg")
        kept = self.kept(shell)
        assert len(kept) == 2
        assert data(shell, "jobs/web.borg") == first
        assert self.kept(shell) == kept

    @pytest.mark.parametrize("damage", [b"", b"x", b"\x00" * 1000])
    def test_damage_is_noticed(self, shell: CommandLine, project: Path, damage: bytes) -> None:
        first = data(shell, "jobs/web.borg")
        for path in self.kept(shell):
            path.write_bytes(path.read_bytes()[:-5] + damage)
        assert data(shell, "jobs/web.borg") == first

    def test_mistakes_are_told_each_time(self, shell: CommandLine, project: Path) -> None:
        (project / "x.borg").write_text("x = )")
        first = shell.types("validate", "x.borg")
        assert first.code == 4
        assert shell.types("validate", "x.borg") == first

    def test_other_limits_are_another_text(self, shell: CommandLine, project: Path) -> None:
        (project / "x.borg").write_text("x = [[[1]]]")
        assert shell.types("validate", "x.borg").code == 0
        assert shell.types("validate", "x.borg", "--max-nesting", "2").code == 4

    def test_without_a_place_everything_works(
        self, shell: CommandLine, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for place in ("/proc/nothing", "relative", str(project / "jobs" / "web.borg")):
            monkeypatch.setenv("XDG_CACHE_HOME", place)
            monkeypatch.setenv("HOME", "/dev/null")
            assert shell.types("validate", "jobs/web.borg").code == 0


class TestLock:
    def test_a_locked_file_must_stay_as_it_is(self, shell: CommandLine, project: Path) -> None:
        assert shell.types("lock", "jobs/web.borg").code == 0
        locked = (project / "borg.lock").read_text()
        assert locked.splitlines()[1].endswith("  lib/base.borg")
        assert shell.types("lock", "jobs/web.borg", "--check").code == 0
        assert shell.types("validate", "jobs/web.borg").code == 0
        (project / "lib" / "base.borg").write_text(LIBRARY + "// changed\n")
        said = shell.types("validate", "jobs/web.borg")
        assert said.code == 4
        assert "lib/base.borg is not the file in borg.lock" in said.err
        assert "borgcfg lock" in said.err
        said = shell.types("lock", "jobs/web.borg", "--check")
        assert (said.code, "lib/base.borg" in said.err) == (1, True)
        assert (project / "borg.lock").read_text() == locked
        assert shell.types("lock", "jobs/web.borg").code == 0
        assert shell.types("validate", "jobs/web.borg").code == 0

    def test_what_is_not_locked_is_not_imported(self, shell: CommandLine, project: Path) -> None:
        assert shell.types("lock", "jobs/web.borg").code == 0
        (project / "lib" / "new.borg").write_text("a = 1")
        path = imports(project, "lib/new.borg")
        assert "lib/new.borg is not in borg.lock" in shell.types("validate", path).err
        assert shell.types("lock", path).code == 0
        assert shell.types("validate", path, "jobs/web.borg").code == 0

    def test_what_is_gone_leaves_the_lock(self, shell: CommandLine, project: Path) -> None:
        (project / "lib" / "new.borg").write_text("a = 1")
        path = imports(project, "lib/new.borg")
        assert shell.types("lock", "jobs/web.borg", path).code == 0
        assert (project / "borg.lock").read_text().count("lib/") == 2
        (project / "lib" / "new.borg").unlink()
        assert shell.types("lock", "jobs/web.borg", "--check").code == 1
        assert shell.types("lock", "jobs/web.borg", "-o", "name").out == "lib/base.borg\n"
        assert "new.borg" not in (project / "borg.lock").read_text()

    def test_a_lock_that_cannot_be_read_is_an_error(
        self, shell: CommandLine, project: Path
    ) -> None:
        (project / "borg.lock").write_text("# x\n<<<<<<< HEAD\n")
        said = shell.types("validate", "jobs/web.borg")
        assert said.code == 4
        assert said.err.startswith("borg.lock:2:1: error[import]")

    def test_files_of_two_projects_are_not_locked_at_once(
        self, shell: CommandLine, project: Path
    ) -> None:
        (shell.home / "other.borg").write_text("a = 1")
        said = shell.types("lock", "jobs/web.borg", "../other.borg")
        assert said.code == 4
        assert "several projects" in said.err
        assert not (project / "borg.lock").exists()
