"""A person at a terminal: Ctrl-C, the live table, and questions."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgpy.model.refusal import Accepted
from tests.builders import a_job
from tests.fakes.borgmaster import TOKEN, FakeBorgmaster, a_view
from tests.integration.borgcfg_lines import CommandLine

WEB = a_job("web", replicas=3)


@pytest.fixture
def fake() -> Iterator[FakeBorgmaster]:
    master = FakeBorgmaster()
    master.accepted = Accepted(seq=2, version=1, created=3)
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
    return shell


def _environment(fake: FakeBorgmaster, home: Path) -> dict[str, str]:
    own = {"BORG_ADDR": fake.address, "BORG_TOKEN": TOKEN, "BORG_USER": "alice", "TERM": "xterm"}
    return {**os.environ, **own, "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}


def test_ctrl_c_detaches_and_nothing_is_cancelled(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.script = [a_view(WEB, waiting=3)]
    process = subprocess.Popen(
        [sys.executable, "-m", "borgpy.cli.borgcfg", "up", shell.writes_job()],
        env=_environment(fake, shell.home),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "0 placed" in line:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(10) == 130
    assert re.fullmatch(r"detached; web keeps running; follow with .* status web\n", rest)
    assert fake.asked("DELETE") == []


def test_on_a_terminal_one_table_is_drawn_over_itself(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fake.script = [a_view(WEB, waiting=3), a_view(WEB, running=3), a_view(WEB, healthy=3)]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "borgpy.cli.borgcfg", "up", shell.writes_job()],
        env=_environment(fake, shell.home),
        stderr=theirs,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    drawn = b""
    while True:
        try:
            drawn += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(10) == 0
    assert b"\x1b[1A" in drawn, "it goes up again to draw over the last one"
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())
    assert re.search(r"JOB +DESIRED +PLACED +RUNNING +HEALTHY +FAILED +ELAPSED", text)
    assert re.search(r"alice/web +3 +0 +0 +0 +0 +0s", text)
    assert re.search(r"alice/web +3 +3 +3 +3 +0 ", text)


@pytest.mark.parametrize(("answer", "code", "deletes"), [("101", 0, 1), ("yes", 1, 0), ("", 1, 0)])
def test_a_person_types_how_many_tasks_are_to_go(
    shell: CommandLine, fake: FakeBorgmaster, answer: str, code: int, deletes: int
) -> None:
    job = a_job("web", replicas=101)
    fake.jobs[job.key] = [a_view(job, healthy=101)]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "borgpy.cli.borgcfg", "down", "web", "--detach"],
        env=_environment(fake, shell.home),
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    asked = b""
    while b"Type 101" not in asked:
        asked += os.read(ours, 65536)
    os.write(ours, answer.encode() + b"\n")
    assert process.wait(10) == code
    os.close(ours)
    assert b"this stops 101 tasks of alice/web (batch 100)" in asked
    assert len(fake.asked("DELETE")) == deletes
