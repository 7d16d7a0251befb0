"""The commands that only look."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from borgpy.model.api import (
    CellView,
    DevicesView,
    EventView,
    MachineView,
    QuotaView,
    SetsView,
    WhyView,
)
from borgpy.model.events import MachineRemoved
from borgpy.model.lifecycle import Phase
from borgpy.model.machine import MachineState
from borgpy.model.priority import Band
from borgpy.model.resource_sets import SetState
from borgpy.model.resources import NOTHING
from borgpy.model.spec import AppClass
from tests.builders import a_job, a_task_spec
from tests.fakes.borgmaster import A_CAPACITY, FakeBorgmaster, a_task, a_view
from tests.integration.borgcfg_lines import CommandLine

WEB = a_job("web", replicas=3)


@pytest.fixture
def fake() -> Iterator[FakeBorgmaster]:
    master = FakeBorgmaster()
    master.jobs[WEB.key] = [a_view(WEB, healthy=1, waiting=1, backing_off=1)]
    master.tasks[WEB.key] = [
        a_task(WEB, 0, restarts=1, reason="started again after: killed by signal 9"),
        a_task(WEB, 1, phase=Phase.WAITING, url="", reason="no machine has 4 GiB free"),
        a_task(WEB, 2, phase=Phase.BACKING_OFF, url="", reason="exit status 1"),
    ]
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


def test_status_of_a_job_tells_the_story(shell: CommandLine) -> None:
    said = shell.types("status", "web")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "alice/web: 1 of 3 healthy"
    assert lines[2] == "  1 healthy, 1 waiting, 1 backing off"
    assert lines[3] == "  not healthy:"
    assert lines[4].startswith("    1 waiting for ")
    assert lines[4].endswith(": no machine has 4 GiB free")
    assert lines[5].endswith(": exit status 1")
    assert lines[6] == "  healthy again:"
    assert lines[7].startswith("    0 restarted once on m1, last ended by signal 9")


def test_status_tells_what_a_job_says_of_itself(shell: CommandLine, fake: FakeBorgmaster) -> None:
    task = msgspec.structs.replace(a_task_spec(), appclass=AppClass.LATENCY_SENSITIVE)
    labelled = a_job("shop", replicas=1, task=task, labels={"track": "canary", "team": "web"})
    fake.jobs[labelled.key] = [a_view(labelled, healthy=1)]
    lines = shell.types("status", "shop").out.splitlines()
    assert lines[2] == "  latency sensitive, track=canary, team=web"


def test_status_of_nothing_is_all_ones_own_jobs_worst_first(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fine, other = a_job("api", replicas=2), a_job("db", user="bob")
    fake.jobs[fine.key] = [a_view(fine, healthy=2)]
    fake.jobs[other.key] = [a_view(other, healthy=3)]
    said = shell.types("status")
    assert [line.split()[0] for line in said.out.splitlines()] == ["JOB", "alice/web", "alice/api"]
    said = shell.types("status", "*/*", "-o", "name")
    assert said.out.splitlines() == ["alice/web", "alice/api", "bob/db"]


def test_json_and_yaml_are_the_objects_of_the_interface(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    view = fake.jobs[WEB.key][0]
    as_sent = json.loads(msgspec.json.encode(view))
    assert shell.types("status", "web", "-o", "json").json() == as_sent
    assert shell.types("status", "-o", "json").json() == [as_sent]
    tasks = shell.types("tasks", "web", "-o", "json").json()
    assert tasks == json.loads(msgspec.json.encode(fake.tasks[WEB.key]))
    yaml = shell.types("-o", "yaml", "status", "web").out
    assert msgspec.yaml.decode(yaml) == as_sent


def test_tasks_and_ranges_of_them(shell: CommandLine) -> None:
    rows = shell.types("tasks", "web").out.splitlines()
    assert rows[0].split()[:3] == ["TASK", "STATE", "SINCE"]
    assert len(rows) == 4
    rows = shell.types("tasks", "alice/web/1-2", "--no-headers").out.splitlines()
    assert [row.split()[0] for row in rows] == ["1", "2"]
    assert shell.types("tasks", "web/7").code == 5
    assert shell.types("tasks", "web", "-o", "name").out.split() == [
        "alice/web/0",
        "alice/web/1",
        "alice/web/2",
    ]
    assert "0.web.alice.ic.borg.local" in shell.types("tasks", "web", "-o", "wide").out


def test_an_unknown_job_is_5_and_names_what_comes_close(shell: CommandLine) -> None:
    said = shell.types("status", "wbe")
    assert (said.code, said.out) == (5, "")
    assert "did you mean web?" in said.err
    assert shell.types("tasks", "nope").code == 5


def test_why_says_sentences_then_what_would_help(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.why = [
        WhyView(
            WEB.key, 1, Phase.WAITING, 0, ("no machine has 4 GiB free",), 3, (), ("ask for 3 GiB",)
        )
    ]
    said = shell.types("why", "web/1")
    first, *rest = said.out.splitlines()
    assert first.startswith("alice/web/1 waiting for ")
    assert rest == ["  no machine has 4 GiB free", "  would place it now:", "    ask for 3 GiB"]
    assert shell.types("why", "web", "-o", "json").json()[0]["sentences"] == [
        "no machine has 4 GiB free"
    ]
    fake.why = [WhyView(WEB.key, 0, Phase.HEALTHY, 0, ("it is healthy",))]
    assert shell.types("why", "web").out == "nothing holds up alice/web: its tasks are healthy\n"


def test_logs_of_one_task_are_its_bytes(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.logs[0] = b"one\ntwo\n"
    assert shell.types("logs", "web/0", "--tail", "2", "--stderr").out == "one\ntwo\n"
    asked = fake.asked("GET", "/v1/jobs/alice/web/tasks/0/logs")[0].query
    assert asked == {"stream": "stderr", "incarnation": "0", "tail": "2"}


def test_logs_of_several_tasks_say_whose_each_line_is(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fake.logs = {0: b"one\ntwo", 2: b"three\n"}
    said = shell.types("logs", "web")
    assert said.code == 0
    assert sorted(said.out.splitlines()) == ["[0] one", "[0] two", "[2] three"]
    assert said.err == "[1] nothing is kept\n"
    assert shell.types("logs", "web/1").code == 5


def test_events_are_sentences_with_their_sequence(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.events = [
        EventView(seq, 0, 1_700_000_000_000, f"m{seq} is gone", MachineRemoved(f"m{seq}"))
        for seq in (7, 8)
    ]
    said = shell.types("events", "--utc", "--after", "7")
    assert said.out == "2023-11-14T22:13:20.000Z       8  m8 is gone\n"
    lines = shell.types("events", "web", "-o", "json").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [7, 8]
    assert fake.asked("GET", "/v1/events")[-1].query["job"] == "alice/web"


def test_machines(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.machines = [
        MachineView(
            "m1",
            "http://127.0.0.1:2",
            MachineState.UP,
            0,
            "",
            A_CAPACITY,
            NOTHING,
            {"zone": "a"},
            ("alice/web/0",),
            (DevicesView("gpu", "A100", (500, 0, 1000, 1000)), DevicesView("tpu", "", (0,))),
            (SetsView("eni", 10, (SetState("sg-1", 4, 2), SetState(), SetState("", 0, 1))),),
        )
    ]
    row = shell.types("machine", "list", "--no-headers").out.split()
    assert row[:2] == ["m1", "up"]
    said = shell.types("machine", "show", "m1").out
    assert "  zone = a" in said
    assert "  gpu      1.5 of 4 (A100), free 0:0.5 2:1 3:1\n  tpu      1 of 1\n" in said
    assert "  eni      2 of 3, each of 10: sg-1 4, shared 0\n" in said
    assert "    alice/web/0" in said
    assert shell.types("machine", "list", "-o", "name").out == "m1\n"


def test_quota_is_set_on_top_of_what_it_was(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.quota = [QuotaView("bob", Band.BATCH, A_CAPACITY, NOTHING)]
    assert "0 of 8" in shell.types("quota", "get", "bob").out
    said = shell.types("quota", "set", "bob", "batch", "cpu=16", "gpu_millis=2000")
    assert said.code == 0
    (put,) = fake.asked("PUT")
    assert put.path == "/v1/quota/bob/batch"
    sent = json.loads(put.body)
    assert (sent["cpu"], sent["ram"], sent["extra"]) == (16_000, 32 << 30, {"gpu_millis": 2000})
    assert shell.types("quota", "set", "bob", "gold", "cpu=1").code == 64
    assert shell.types("quota", "set", "bob", "batch", "cpu=many").code == 4
    assert len(fake.asked("PUT")) == 1


def test_a_checkpoint_is_saved_whole(shell: CommandLine) -> None:
    assert shell.types("cell", "checkpoint", "save", "cell.ckpt").code == 0
    assert (shell.home / "cell.ckpt").read_bytes() == b"checkpoint" * 1000
    assert [path.name for path in shell.home.iterdir() if path.is_file()] == ["cell.ckpt"]
    assert shell.types("cell", "checkpoint", "save", "nowhere/cell.ckpt").code == 1


def test_the_standing_of_a_cell_elsewhere(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.cell = CellView(
        "ic", "1", 2, 9, 0, "me", 4, {"running": 7}, {"up": 3}, A_CAPACITY, NOTHING
    )
    said = shell.types("cell", "status")
    assert said.out.splitlines()[:2] == [f"cell ic at {fake.address}", "  known from  BORG_ADDR"]
    assert "  tasks       7 running" in said.out
    assert shell.types("cell", "status", "-o", "json").json()["view"]["epoch"] == 2


def test_a_cell_by_another_name_is_unknown(shell: CommandLine) -> None:
    said = shell.types("-c", "cc", "status")
    assert said.code == 5
    assert "unknown cell 'cc'; known: ic" in said.err
    assert shell.types("status", "cc/alice/web").code == 5
    assert shell.types("status", "ic/alice/web").code == 0


def test_a_wrong_token_is_8(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORG_TOKEN", "wrong")
    assert shell.types("status").code == 8
    monkeypatch.delenv("BORG_TOKEN")
    assert shell.types("status").code == 8


def test_nobody_there_is_7(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORG_ADDR", "http://127.0.0.1:1")
    said = shell.types("status")
    assert said.code == 7
    assert "http://127.0.0.1:1 does not answer" in said.err


def test_verbose_says_which_cell_is_asked(shell: CommandLine, fake: FakeBorgmaster) -> None:
    assert f"asking {fake.address} (from BORG_ADDR)" in shell.types("-v", "status").err
