"""`borgcfg validate`, `lint`, `render`, `explain` and `diff`: what they say of job files, and how they end."""

import io
import json
from pathlib import Path

import pytest

from tests.integration.borgcfg_lines import CommandLine

WEB = """\
template base = {
  runtime = { cell = "ic" }
  binary = ./server
  requirements = { ram = 100M, cpu = 0.1 }
  args = { port = %port% }
}
job web = base {
  replicas = 3
  requirements { ram = super.ram * 4 }
}
alloc_set pool = {
  runtime = { cell = "ic" }
  requirements = { cpu = 1, ram = 1GiB }
}
wait = 30s
"""


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    shell = CommandLine(tmp_path, monkeypatch, capsys)
    (tmp_path / "web.borg").write_text(WEB)
    (tmp_path / "server").write_text("#!/bin/sh\n")
    (tmp_path / "server").chmod(0o755)
    return shell


def writes(shell: CommandLine, name: str, text: str) -> str:
    (shell.home / name).write_text(text)
    return name


class TestValidate:
    def test_a_file_without_jobs_may_be_right_too(self, shell: CommandLine) -> None:
        said = shell.types("validate", "web.borg", writes(shell, "lib.borg", "a = 1"))
        assert (said.code, said.err) == (0, "web.borg: web, pool\nlib.borg: nothing wrong\n")
        assert shell.types("-q", "validate", "web.borg").err == ""

    def test_every_mistake_begins_with_its_place(self, shell: CommandLine) -> None:
        writes(shell, "a.borg", "x = = 1\ny = )\n")
        writes(shell, "b.borg", "x = nope")
        said = shell.types("validate", "a.borg", "b.borg", "none.borg")
        assert said.code == 4
        firsts = [line for line in said.err.splitlines() if "error" in line]
        assert [line.split(": ")[0] for line in firsts] == [
            "a.borg:1:5",
            "a.borg:2:5",
            "b.borg:1:5",
            "error",
        ]

    def test_json_has_ranges_and_fixes(self, shell: CommandLine) -> None:
        text = WEB.replace("replicas", "replica")
        writes(shell, "bad.borg", text)
        said = shell.types("validate", "bad.borg", "none.borg", "web.borg", "--format=json")
        assert (said.code, said.err) == (4, "web.borg: web, pool\n")
        wrong, absent = said.json()
        assert (wrong["code"], wrong["label"]) == ("field", "did you mean 'replicas'?")
        assert wrong["span"] == {
            "file": "bad.borg",
            "line": 8,
            "column": 3,
            "end_line": 8,
            "end_column": 10,
        }
        assert wrong["fixes"][0]["edits"][0]["text"] == "replicas"
        assert (absent["span"]["file"], absent["span"]["line"]) == ("none.borg", 1)
        assert shell.types("validate", "web.borg", "--format=json").json() == []

    def test_strict_wants_quotes(self, shell: CommandLine) -> None:
        writes(shell, "bare.borg", WEB.replace('"ic"', "ic"))
        assert shell.types("validate", "bare.borg").code == 0
        said = shell.types("validate", "bare.borg", "--strict")
        assert said.code == 4
        assert "error[name]" in said.err


UGLY = "job   web={replicas=3;binary=./server // why\n}\n"


class TestFormat:
    def test_files_are_laid_out_in_place_and_named(self, shell: CommandLine) -> None:
        path = shell.home / writes(shell, "x.borg", UGLY)
        path.chmod(0o640)
        (shell.home / "link.borg").symlink_to("x.borg")
        said = shell.types("fmt", "link.borg", "web.borg")
        assert (said.code, said.out) == (0, "link.borg\n")
        text = path.read_text()
        assert text.startswith("job web = {")
        assert "// why" in text
        assert path.stat().st_mode & 0o777 == 0o640
        assert (shell.home / "link.borg").is_symlink()
        assert shell.types("fmt", "x.borg").out == ""
        assert sorted(p.name for p in shell.home.iterdir() if p.name.startswith(".")) == []

    def test_to_check_changes_nothing(self, shell: CommandLine) -> None:
        path = shell.home / writes(shell, "x.borg", UGLY)
        said = shell.types("fmt", "--check", "x.borg", "web.borg")
        assert (said.code, said.out) == (1, "x.borg\n")
        said = shell.types("fmt", "--diff", "x.borg")
        assert said.code == 0
        assert said.out.startswith("--- x.borg\n+++ x.borg (formatted)\n")
        assert "-job   web={" in said.out
        assert shell.types("fmt", "--diff", "--check", "x.borg").code == 1
        assert path.read_text() == UGLY
        assert shell.types("fmt", "--check", "web.borg").code == 0

    def test_stdin_goes_to_stdout(
        self, shell: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
        said = shell.types("fmt", "-")
        assert (said.code, said.out.splitlines()[0][:11]) == (0, "job web = {")

    def test_what_cannot_be_read_stays_as_it_is(self, shell: CommandLine) -> None:
        writes(shell, "bad.borg", "x = )")
        writes(shell, "x.borg", UGLY)
        said = shell.types("fmt", "bad.borg", "none.borg", "x.borg", ".")
        assert (said.code, said.out) == (4, "x.borg\n")
        assert said.err.startswith("bad.borg:1:5: error[syntax]")
        assert "none.borg cannot be read" in said.err
        assert (shell.home / "bad.borg").read_text() == "x = )"

    def test_bare_words_are_quoted_if_asked_for(self, shell: CommandLine) -> None:
        path = shell.home / writes(shell, "x.borg", "local b = 1\nx = [ic, b, true]\n")
        assert shell.types("fmt", "x.borg").out == ""
        assert shell.types("fmt", "--quote", "x.borg").out == "x.borg\n"
        assert 'x = ["ic", b, true]' in path.read_text()

    def test_line_ends_and_byte_order_marks_become_usual(self, shell: CommandLine) -> None:
        path = shell.home / "x.borg"
        path.write_bytes(b"\xef\xbb\xbfa=1\r\nb = 2 // x\r\n")
        assert shell.types("fmt", "x.borg").code == 0
        assert path.read_bytes() == b"a = 1\nb = 2 // x\n"


class TestLint:
    def test_remarks_are_no_mistakes(self, shell: CommandLine) -> None:
        assert shell.types("lint", "web.borg").code == 0
        said = shell.types("lint", writes(shell, "x.borg", "local a = 1\nx = 7 // 2\n"))
        assert (said.code, said.err) == (1, "")
        assert said.out.startswith("x.borg:1:7: warning[unused-local]: nothing reads")
        assert "x.borg:2:7: warning[comment-as-division]" in said.out

    def test_json_names_the_rules(self, shell: CommandLine) -> None:
        said = shell.types("lint", writes(shell, "x.borg", "x = ic"), "--format=json")
        (remark,) = said.json()
        assert (said.code, remark["rule"]) == (1, "bare-word")
        assert remark["fixes"][0]["edits"][0]["text"] == '"ic"'

    def test_a_rule_can_be_left_out(self, shell: CommandLine) -> None:
        writes(shell, "x.borg", "local a = ic")
        said = shell.types("lint", "x.borg", "--ignore", "bare-word")
        assert (said.code, said.out.count("warning[")) == (1, 1)
        both = ["--ignore", "bare-word", "--ignore", "unused-local"]
        assert shell.types("lint", "x.borg", *both).code == 0
        assert shell.types("lint", "x.borg", "--ignore", "bare").code == 64

    def test_what_cannot_be_read_is_a_mistake(self, shell: CommandLine) -> None:
        writes(shell, "bad.borg", "x = )")
        said = shell.types("lint", "bad.borg", writes(shell, "x.borg", "x = ic"))
        assert said.code == 4
        assert "bad.borg:1:5: error[syntax]" in said.err
        assert "warning[bare-word]" in said.out

    def test_two_files_with_the_same_job(self, shell: CommandLine) -> None:
        writes(shell, "copy.borg", WEB)
        writes(shell, "other.borg", WEB.replace('"ic"', '"cc"'))
        writes(shell, "broken.borg", "job web = { binary = nope + 1 }")
        said = shell.types("lint", "web.borg", "copy.borg", "other.borg")
        assert said.code == 1
        assert said.out.count("warning[") == 1
        assert said.out.startswith("copy.borg:7:5: warning[duplicate-job]")
        silent = WEB.replace("job web = base {", "job web = base { // lint: ignore[duplicate-job]")
        writes(shell, "copy.borg", silent)
        assert shell.types("lint", "web.borg", "copy.borg").code == 0
        assert shell.types("lint", "web.borg", "broken.borg").code == 1


class TestRender:
    def test_data_is_all_that_a_file_comes_to(self, shell: CommandLine) -> None:
        plain = shell.types("render", "--data", "web.borg").json()
        assert plain["wait"] == 30
        assert plain["job"]["web"]["requirements"] == {"ram": 400_000_000, "cpu": 0.1}
        assert list(plain) == ["wait", "job", "alloc_set"]

    def test_rendered_bcl_comes_to_the_same(self, shell: CommandLine) -> None:
        said = shell.types("render", "--as", "bcl", "web.borg")
        writes(shell, "again.borg", said.out)
        assert "template" not in said.out
        assert shell.types("diff", "web.borg", "again.borg").out == "no difference\n"

    def test_jobs_can_be_chosen(self, shell: CommandLine) -> None:
        text = WEB + 'job cron = base { replicas = 1, runtime { cell = "cc" } }\n'
        writes(shell, "two.borg", text)
        said = shell.types("render", "--as", "bcl", "two.borg", "cron")
        assert said.out.startswith("job cron = {")
        assert "web" not in said.out
        (spec,) = shell.types("render", "two.borg", "web").json()
        assert spec["name"] == "web"
        assert shell.types("render", "two.borg", "wep").code == 5
        assert shell.types("render", "--data", "two.borg", "web").code == 64

    def test_a_file_without_jobs_has_data_only(self, shell: CommandLine) -> None:
        writes(shell, "lib.borg", "a = 1")
        assert shell.types("render", "lib.borg").code == 4
        assert shell.types("render", "--data", "lib.borg").json() == {"a": 1}
        assert shell.types("render", "--as", "bcl", "lib.borg").out == "a = 1\n"


class TestExplain:
    def test_every_layer_is_told_the_winner_first(self, shell: CommandLine) -> None:
        said = shell.types("explain", "job.web.requirements.ram")
        lines = said.out.splitlines()
        assert lines[0].startswith("400,000,000")
        assert lines[1].split()[0] == "web.borg:9:24"
        assert "super.ram * 4" in lines[1]
        assert lines[2].split()[0] == "web.borg:4:26"
        assert "100M" in lines[2]

    def test_the_file_may_stand_on_either_side(self, shell: CommandLine) -> None:
        writes(shell, "other.borg", "a = 1")
        assert shell.types("explain", "job.web.replicas").code == 64
        for line in (["job.web.replicas", "web.borg"], ["web.borg", "job.web.replicas"]):
            assert shell.types("explain", *line).out.startswith("3\n")
        assert shell.types("web.borg", "explain", "job.web.replicas").out.startswith("3\n")
        assert shell.types("explain", "web.borg").code == 64

    def test_json_tells_where(self, shell: CommandLine) -> None:
        told = shell.types("explain", "job.web.requirements.ram", "-o", "json").json()
        assert [origin["span"]["line"] for origin in told["origins"]] == [9, 4]
        assert told["origins"][0]["expression"] == "super.ram * 4"

    def test_a_wrong_path_tells_what_there_is(self, shell: CommandLine) -> None:
        said = shell.types("explain", "job.web.requirements.rem")
        assert said.code == 4
        assert "did you mean" in said.err

    def test_the_schema_needs_no_file(self, shell: CommandLine) -> None:
        said = shell.types("explain", "--schema", "job.update.batch")
        assert said.out.startswith("job.update.batch: whole number")
        told = shell.types("explain", "--schema", "job.update", "-o", "json").json()
        assert [field["name"] for field in told["fields"]] == ["batch"]
        assert shell.types("explain", "--schema", "job.updat").code == 4


class TestDiff:
    def test_results_are_compared_and_not_texts(self, shell: CommandLine) -> None:
        writes(shell, "b.borg", WEB.replace("100M", "200M").replace("replicas = 3", ""))
        said = shell.types("diff", "web.borg", "b.borg")
        assert (said.code, said.out.splitlines()) == (
            0,
            [
                "~ job.web.requirements.ram  400000000 -> 800000000",
                "- job.web.replicas  3",
            ],
        )
        assert shell.types("diff", "web.borg", "b.borg", "--detailed-exitcode").code == 2
        assert shell.types("diff", "web.borg", "web.borg", "--detailed-exitcode").code == 0

    def test_json_has_the_whole_values(self, shell: CommandLine) -> None:
        writes(shell, "b.borg", WEB + "more = { a = [1] }")
        (change,) = shell.types("diff", "web.borg", "b.borg", "-o", "json").json()
        assert change == {"mark": "+", "path": "more", "before": None, "after": {"a": [1]}}

    def test_a_result_may_have_been_kept(self, shell: CommandLine) -> None:
        kept = shell.types("render", "--data", "web.borg").json()
        kept["job"]["web"]["replicas"] = 4
        writes(shell, "kept.json", json.dumps(kept))
        assert shell.types("diff", "kept.json", "web.borg").out == "~ job.web.replicas  4 -> 3\n"

    def test_a_mistake_in_either_is_one(self, shell: CommandLine) -> None:
        assert shell.types("diff", "web.borg", writes(shell, "b.borg", "x = )")).code == 4
