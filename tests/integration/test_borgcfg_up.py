"""`borgcfg up`, `down` and `kill`: what they send, what they wait for, and how they end."""

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from borgpy.model.api import ProblemDetails, WhyView
from borgpy.model.lifecycle import Phase
from borgpy.model.refusal import Accepted, Problem
from borgpy.model.spec import JobSpec
from tests.builders import a_job
from tests.fakes.borgmaster import FakeBorgmaster, a_task, a_view
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


def sent(fake: FakeBorgmaster) -> list[JobSpec]:
    return [
        msgspec.json.decode(seen.body, type=JobSpec)
        for seen in fake.asked("PUT", "/v1/jobs")
        if "dry_run" not in seen.query
    ]


def test_up_uploads_submits_and_waits_until_healthy(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fake.script = [a_view(WEB, waiting=3), a_view(WEB, running=3), a_view(WEB, healthy=3)]
    said = shell.types("up", shell.writes_job())
    assert said.code == 0
    (spec,) = sent(fake)
    assert (spec.key, spec.replicas, spec.cell) == ("alice/web", 3, "ic")
    assert fake.packages[spec.task.package.digest] == (shell.home / "server").read_bytes()
    assert said.out.splitlines() == [f"alice/web/{n}  http://127.0.0.1:1/" for n in range(3)]
    steps = [line.split(" ", 1)[1] for line in said.err.splitlines() if line.startswith("20")]
    assert steps == [
        "alice/web: 3 desired, 0 placed, 0 running, 0 healthy",
        "alice/web: 3 desired, 3 placed, 3 running, 0 healthy",
        "alice/web: 3 desired, 3 placed, 3 running, 3 healthy",
    ]
    assert "web: version 1 accepted: 3 to create" in said.err
    assert re.search(r"stop:  .*down web$", said.err, re.MULTILINE)


def test_up_again_changes_nothing_and_says_so(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.accepted = Accepted(seq=2, version=4, unchanged=3)
    said = shell.types("up", shell.writes_job())
    assert said.code == 0
    assert "web: nothing to change, version 4 is in place" in said.err
    fake.script = [msgspec.structs.replace(a_view(WEB, healthy=3), seq=2)]
    said = shell.types("up", "web.borg")
    assert "web: version 4 accepted: its tasks stay as they are" in said.err
    again = shell.types("up", "web.borg")
    assert "uploaded" not in again.err
    assert len(fake.asked("PUT", "/v1/packages")) == 1


def test_json_streams_the_objects_line_by_line(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.script = [a_view(WEB, waiting=3), a_view(WEB, healthy=3)]
    said = shell.types("up", shell.writes_job(), "-o", "json")
    first, *views = [json.loads(line) for line in said.out.splitlines()]
    assert first == {"outcome": "accepted", "seq": 2, "version": 1, "created": 3}
    assert [view["phases"] for view in views] == [{"waiting": 3}, {"healthy": 3}]


def test_borgs_own_order_and_stdin(
    shell: CommandLine, fake: FakeBorgmaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shell.writes_job()
    assert shell.types(path, "up", "-q").code == 0
    with Path(path).open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert shell.types("-", "up", "-q").code == 0
    assert [spec.key for spec in sent(fake)] == ["alice/web", "alice/web"]


def test_only_the_named_jobs_of_a_file_are_submitted(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    both = Path(shell.writes_job("api")).read_text() + Path(shell.writes_job("web")).read_text()
    (shell.home / "both.borg").write_text(both)
    assert shell.types("up", "both.borg", "api", "--detach").code == 0
    assert [spec.name for spec in sent(fake)] == ["api"]
    assert shell.types("up", "both.borg", "--detach").code == 0
    assert [spec.name for spec in sent(fake)] == ["api", "api", "web"]
    said = shell.types("up", "both.borg", "wep")
    assert said.code == 5
    assert "did you mean web?" in said.err


def test_of_several_jobs_none_is_submitted_if_one_is_refused(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    both = Path(shell.writes_job("api")).read_text() + Path(shell.writes_job("web")).read_text()
    (shell.home / "both.borg").write_text(both)
    fake.packages[_digest(shell.home / "server")] = b""
    fake.answers["PUT"] = [ProblemDetails("not so", 400, "invalid")]
    assert shell.types("up", "both.borg").code == 4
    assert sent(fake) == []


def test_a_refusal_lists_every_field_and_where_it_is_written(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fields = (
        Problem("replicas", "3 replicas want 12 cores, 4 are left", hint="ask for 1"),
        Problem("requirements.ram", "24 GiB are missing"),
    )
    shell.writes_job()
    fake.packages[_digest(shell.home / "server")] = b""
    fake.answers["PUT"] = [ProblemDetails("too much", 403, "quota_exceeded", fields=fields)]
    said = shell.types("up", "web.borg")
    assert said.code == 10
    assert said.err.splitlines() == [
        "error: too much",
        "  replicas: 3 replicas want 12 cores, 4 are left",
        "    hint: ask for 1",
        "  requirements.ram: 24 GiB are missing",
        "  web.borg:5:14: replicas is written here",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("job web = {", "bad.borg:1:12: error[syntax]", id="syntax"),
        pytest.param("job web = { rplicas = 3 }", "did you mean 'replicas'?", id="unknown field"),
        pytest.param(
            "job web = { runtime = { cell = ic } binary = ./serv replicas = 1 }",
            "bad.borg:1:46: error[missing]: there is no file",
            id="missing binary",
        ),
        pytest.param("", "declares no job", id="nothing in it"),
        pytest.param("\udcff", "is not UTF-8", id="no text"),
    ],
)
def test_a_file_with_mistakes_is_4_and_nothing_is_sent(
    shell: CommandLine, fake: FakeBorgmaster, text: str, said: str
) -> None:
    (shell.home / "server").write_text("")
    (shell.home / "bad.borg").write_bytes(text.encode(errors="surrogateescape"))
    answer = shell.types("up", "bad.borg")
    assert answer.code == 4
    assert said in answer.err
    assert fake.seen == []


def test_a_program_that_cannot_be_run_is_told_with_its_place(shell: CommandLine) -> None:
    path = shell.writes_job()
    (shell.home / "server").chmod(0o644)
    said = shell.types("up", path)
    assert said.code == 4
    assert "server is not executable" in said.err
    assert "help: chmod +x" in said.err
    (shell.home / "server").unlink()
    (shell.home / "server").mkdir()
    assert "is no file" in shell.types("validate", path).err
    assert shell.types("up", "nowhere.borg").code == 4


def test_not_all_placed_in_time_is_3_with_the_reason(
    shell: CommandLine, fake: FakeBorgmaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("borgpy.cli.follow.STUCK_SECONDS", 0.2)
    fake.script = [a_view(WEB, healthy=2, waiting=1)]
    fake.why = [WhyView(WEB.key, 2, Phase.WAITING, 0, ("no machine has 4 GiB free",))]
    said = shell.types("up", shell.writes_job(), "--timeout", "1s")
    assert said.code == 3
    assert "task 2 waiting: no machine has 4 GiB free" in said.err
    assert "2 of 3 tasks are placed" in said.err


def test_placed_and_not_all_of_this_version_in_time_is_9(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fake.script = [msgspec.structs.replace(a_view(WEB, healthy=3), outdated=1)]
    said = shell.types("up", shell.writes_job(), "--wait", "placed", "--timeout", "500ms")
    assert said.code == 9
    assert "1 not at this version yet" in said.err


def test_placed_and_not_healthy_in_time_is_9(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.script = [a_view(WEB, healthy=2, unhealthy=1)]
    assert shell.types("up", shell.writes_job(), "--timeout", "500ms").code == 9


def test_tasks_that_failed_for_good_are_1_at_once(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.script = [a_view(WEB, healthy=2, failed=1)]
    said = shell.types("up", shell.writes_job())
    assert said.code == 1
    assert "1 of 3 tasks of alice/web failed" in said.err


@pytest.mark.parametrize(
    ("wait", "phases"),
    [("accepted", {"waiting": 3}), ("placed", {"starting": 3}), ("running", {"running": 3})],
)
def test_one_need_not_wait_for_everything(
    shell: CommandLine, fake: FakeBorgmaster, wait: str, phases: dict[str, int]
) -> None:
    fake.script = [a_view(WEB, **phases)]
    assert shell.types("up", shell.writes_job(), "--wait", wait, "--timeout", "5s").code == 0


def test_a_borgmaster_that_goes_away_meanwhile_is_waited_for(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    fake.script = [a_view(WEB, waiting=3), a_view(WEB, healthy=3)]
    fake.answers["GET"] = [0]
    said = shell.types("up", shell.writes_job())
    assert said.code == 0


def test_a_dry_run_changes_nothing(shell: CommandLine, fake: FakeBorgmaster) -> None:
    path = shell.writes_job()
    assert shell.types("up", path, "--dry-run", "client").code == 0
    assert fake.seen == []
    said = shell.types("up", path, "--dry-run", "server")
    assert said.code == 0
    assert "web: would be accepted: version 1 accepted: 3 to create" in said.err
    assert fake.jobs == {}


def test_verify_names_the_tasks_that_did_not_answer(
    shell: CommandLine, fake: FakeBorgmaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("borgpy.cli.verify.PAUSE_SECONDS", 0.01)
    fake.tasks[WEB.key] = [
        a_task(WEB, 0, url=f"{fake.address}/healthz"),
        a_task(WEB, 1, url="http://127.0.0.1:1/"),
        a_task(WEB, 2, url=""),
    ]
    said = shell.types("up", shell.writes_job(), "--verify")
    assert said.code == 1
    assert "2 of 3 tasks of alice/web did not answer" in said.err
    assert "alice/web/1: http://127.0.0.1:1/ does not answer" in said.err
    assert "alice/web/2: it has no URL" in said.err
    fake.tasks[WEB.key] = [a_task(WEB, n, url=f"{fake.address}/healthz") for n in range(3)]
    said = shell.types("up", "web.borg", "--verify")
    assert said.code == 0
    assert "all 3 tasks of alice/web answered" in said.err


def test_the_cell_of_the_file_must_be_the_one_that_answers(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    said = shell.types("up", shell.writes_job(cell="cc"))
    assert said.code == 5
    assert "unknown cell 'cc'; known: ic" in said.err
    assert shell.types("-c", "xx", "up", shell.writes_job()).code == 4
    assert sent(fake) == []


def test_validate_says_everything_about_all_files(shell: CommandLine) -> None:
    (shell.home / "bad.borg").write_text("job web = { rplicas = 3 }")
    said = shell.types("validate", shell.writes_job(), "bad.borg", "nowhere.borg")
    assert said.code == 4
    assert "web.borg: web" in said.err
    assert "bad.borg:1:13: error[field]" in said.err
    assert "nowhere.borg cannot be read" in said.err


def test_render_shows_the_job_as_it_would_be_sent(shell: CommandLine, fake: FakeBorgmaster) -> None:
    path = shell.writes_job()
    (rendered,) = shell.types("render", path).json()
    shell.types("up", path, "--detach")
    assert rendered == json.loads(fake.asked("PUT", "/v1/jobs")[0].body)
    (shell.home / "server").unlink()
    said = shell.types("render", path, "-u", "bob")
    assert (said.json()[0]["user"], said.json()[0]["task"]["package"]["digest"]) == ("bob", "")
    assert "its digest is left empty" in said.err


def test_init_writes_an_example_that_validates_and_overwrites_nothing(shell: CommandLine) -> None:
    assert shell.types("init", "new").code == 0
    assert shell.types("validate", "new/hello_world.borg", "new/hello_world_10k.borg").code == 0
    (shell.home / "new" / "hello_world.borg").write_text("mine")
    said = shell.types("init", "new")
    assert said.code == 6
    assert "is there already" in said.err
    assert (shell.home / "new" / "hello_world.borg").read_text() == "mine"


def test_down_waits_until_all_have_ended(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.jobs[WEB.key] = [a_view(WEB, healthy=3)]
    said = shell.types("down", "web", "--purge")
    assert said.code == 0
    assert "alice/web: 3 tasks to end" in said.err
    assert "all have ended" in said.err
    (delete,) = fake.asked("DELETE")
    assert (delete.query, bool(delete.key)) == ({"purge": "1"}, True)


def test_down_takes_the_file_that_went_up(shell: CommandLine, fake: FakeBorgmaster) -> None:
    path = shell.writes_job()
    shell.types("up", path, "--detach")
    assert shell.types("down", path, "--detach").code == 0
    assert [seen.path for seen in fake.asked("DELETE")] == ["/v1/jobs/alice/web"]


def test_kill_needs_tasks_and_sends_ranges(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.jobs[WEB.key] = [a_view(WEB, healthy=3)]
    assert shell.types("kill", "web/0-1").code == 0
    assert fake.asked("DELETE")[0].query == {"indexes": "0-1"}
    assert shell.types("kill", "web").code == 64
    said = shell.types("down", "wbe")
    assert said.code == 5
    assert "did you mean web?" in said.err


@pytest.mark.parametrize(
    "job",
    [a_job("web", replicas=101), a_job("web", replicas=1, priority=200)],
    ids=["more than a hundred tasks", "production"],
)
def test_much_or_production_is_not_stopped_without_asking(
    shell: CommandLine, fake: FakeBorgmaster, job: JobSpec
) -> None:
    fake.jobs[job.key] = [a_view(job, healthy=job.replicas)]
    said = shell.types("down", "web")
    assert said.code == 64
    assert "needs --yes" in said.err
    assert fake.asked("DELETE") == []
    assert shell.types("down", "web", "--yes", "-q").code == 0
    assert len(fake.asked("DELETE")) == 1


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_waiting_costs_few_looks(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.script = [a_view(WEB, waiting=3)]
    begun = time.monotonic()
    shell.types("up", shell.writes_job(), "--timeout", "1s")
    looks = len([seen for seen in fake.asked("GET") if seen.path == "/v1/jobs/alice/web"])
    assert looks <= 2 + 4 * (time.monotonic() - begun)


def test_up_takes_parameters_and_brings_a_jobs_packages_along(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    shell.writes_job()
    (shell.home / "rules.txt").write_text("be kind")
    (shell.home / "full.borg").write_text(
        "param n: int\n"
        "job web = {\n"
        '  runtime = { cell = "ic" }\n'
        "  binary = ./server\n"
        "  args = { port = %port% }\n"
        "  replicas = n\n"
        "  packages = [{ name = rules, path = ./rules.txt }]\n"
        "}\n"
        'alloc_set pool = { runtime = { cell = "ic" } requirements = { cpu = 1, ram = 1GiB } }\n'
    )
    said = shell.types("up", "full.borg", "--set", "n=3", "--detach")
    assert said.code == 0
    (spec,) = sent(fake)
    (package,) = spec.task.packages
    assert (spec.replicas, package.name, package.size) == (3, "rules", 7)
    assert fake.packages[package.digest] == b"be kind"
    assert shell.types("up", "full.borg", "--detach").code == 4
    (shell.home / "rules.txt").unlink()
    said = shell.types("up", "full.borg", "--set", "n=3")
    assert said.code == 4
    assert said.err.startswith("full.borg:7:38: error[missing]: there is no file")


def test_down_takes_parameters_for_a_file(shell: CommandLine, fake: FakeBorgmaster) -> None:
    (shell.home / "any.borg").write_text(
        'param name: string\njob [name] = { runtime = { cell = "ic" } binary = ./server }\n'
    )
    said = shell.types("down", "any.borg")
    assert (said.code, "--set name=" in said.err) == (4, True)
    said = shell.types("down", "any.borg", "--set", "name=nobody", "-y")
    assert (said.code, "nobody" in said.err) == (5, True)
