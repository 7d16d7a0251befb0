"""What a task finds around itself."""

from pathlib import Path

import pytest

from borgpy.borglet.facts import Instance
from borgpy.borglet.sandbox import (
    Place,
    all_sandboxes,
    command,
    environment,
    link_files,
    sandbox_of,
)
from borgpy.model.names import JobKey
from borgpy.model.spec import Package, TaskSpec

TASK = Instance(JobKey("alice/web"), 3, 2)


def a_spec(
    name: str = "server",
    *,
    args: dict[str, str] | None = None,
    env: dict[str, str] | None = None,
) -> TaskSpec:
    return TaskSpec(Package(name, "ab" * 32, 1), args=args or {}, env=env or {})


def a_place(tmp_path: Path, **ports: int) -> Place:
    return Place("ic", "127.0.0.1", TASK, sandbox_of(tmp_path, TASK), ports, "/opt/bin")


def test_arguments_come_in_the_order_of_the_job_with_their_placeholders_filled_in(
    tmp_path: Path,
) -> None:
    place = a_place(tmp_path, port=20001, admin=20002)
    spec = a_spec(args={"z": "%port%/%port:admin%", "a": "%job%.%user%.%cell%", "dir": "%dir%"})
    assert command(spec, place) == [
        str(place.sandbox.work / "server"),
        "--z=20001/20002",
        "--a=web.alice.ic",
        f"--dir={place.sandbox.work}",
    ]


def test_a_task_knows_its_name_and_nothing_of_its_borglet(tmp_path: Path) -> None:
    place = a_place(tmp_path, port=20001, admin_2=20002)
    work = str(place.sandbox.work)
    assert environment(a_spec(env={"LANG": "de", "WHO": "%task%"}), place) == {
        "PATH": "/opt/bin",
        "HOME": work,
        "TMPDIR": f"{work}/tmp",
        "LANG": "de",
        "BORG_CELL": "ic",
        "BORG_JOB": "web",
        "BORG_USER": "alice",
        "BORG_TASK": "ic/alice/web/3",
        "BORG_REPLICA": "3",
        "BORG_PORT_PORT": "20001",
        "BORG_PORT_ADMIN_2": "20002",
        "WHO": "ic/alice/web/3",
    }


@pytest.mark.parametrize("job", ["../x", "alice/../x", "alice", "/etc", "a/b/c", "alice/x\0"])
def test_a_name_that_would_lead_elsewhere_is_none(tmp_path: Path, job: str) -> None:
    with pytest.raises(ValueError, match="no name of a task"):
        sandbox_of(tmp_path, Instance(JobKey(job), 0, 1))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../up", "tmp"])
def test_a_program_cannot_be_called_that(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a program"):
        link_files(sandbox_of(tmp_path, TASK), {name: tmp_path / "cached"})


def test_what_was_prepared_is_found_again(tmp_path: Path) -> None:
    sandbox = sandbox_of(tmp_path, TASK)
    for run in (1, 2, 10):
        (sandbox.prepare(run) / "config").write_text("of an interrupted start")
    assert list(sandbox.prepare(10).iterdir()) == []
    assert sandbox.runs() == [1, 2, 10]
    assert all_sandboxes(tmp_path) == [(TASK, sandbox)]
