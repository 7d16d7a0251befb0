"""What the shell is told when a person presses TAB."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_job
from tests.fakes.borgmaster import FakeBorgmaster, a_view
from tests.integration.borgcfg_lines import CommandLine


@pytest.fixture
def fake() -> Iterator[FakeBorgmaster]:
    master = FakeBorgmaster()
    for job in (a_job("web"), a_job("api"), a_job("web", user="bob")):
        master.jobs[job.key] = [a_view(job)]
    with master.serving():
        yield master


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("status w", ["web"]),
        ("tasks ", ["web", "api"]),
        ("down bob/", ["bob/web"]),
        ("logs nothing", []),
        ("st", ["status"]),
        ("cell ch", ["checkpoint"]),
    ],
)
def test_jobs_and_commands_are_offered(
    fake: FakeBorgmaster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    offered: list[str],
) -> None:
    shell = CommandLine(tmp_path, monkeypatch, capsys)
    shell.knows(fake)
    assert _offered(shell, monkeypatch, typed) == offered


def test_a_cell_that_does_not_answer_offers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = CommandLine(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("BORG_ADDR", "http://127.0.0.1:1")
    assert _offered(shell, monkeypatch, "status w") == []


def _offered(shell: CommandLine, monkeypatch: pytest.MonkeyPatch, typed: str) -> list[str]:
    words = f"borgcfg {typed}"
    monkeypatch.setenv("_BORGCFG_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    with pytest.raises(SystemExit):
        shell.types()
    out, _ = shell.heard()
    return [line.partition(",")[2] for line in out.splitlines() if line]
