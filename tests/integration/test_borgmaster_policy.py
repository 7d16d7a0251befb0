"""A real Borgmaster with plug-ins: its policy and passes over HTTP, and by borgcfg."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from borgpy.cli.borgcfg import run
from borgpy.model.api import PassesView, PolicyView, TaskView, WhyView
from borgpy.model.constraints import Plugin
from borgpy.model.plan import VetoKind
from borgpy.model.policy import BEST_FIT, Policy
from borgpy.model.policy_text import KNOBS
from borgpy.model.resources import Resources
from tests.builders import a_job, a_task_spec
from tests.fakes.processes import TOKENS, Served, a_borglet, a_served_borgmaster
from tests.integration.test_borgmaster_http import BINARY, DIGEST, PACKAGE, Caller

PLUGINS = """
import time

import numpy as np

def even(machines, job):
    return np.array([int(name.rsplit("-", 1)[-1]) % 2 == 0 for name in machines.names])

def hanging(machines, job):
    time.sleep(1000)

def broken(machines, job):
    return np.full(len(machines), np.nan)
"""

MACHINES = 6


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("cell")
    (folder / "our_plugins.py").write_text(PLUGINS)
    flags = ("--poll-interval-ms", "200")
    plugins = ("--plugin", "even=our_plugins:even", "--plugin", "broken=our_plugins:broken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=":")
        with (
            a_served_borgmaster(folder / "master", *flags, *plugins) as one,
            a_borglet(one, folder / "borglet", "--simulate", str(MACHINES)),
        ):
            yield one


@pytest.fixture
async def caller(served: Served) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as http:
        one = Caller(http, served.address)
        await one.ask("PUT", f"/v1/packages/{DIGEST}", body=BINARY, user="alice")
        limit = Resources(cpu=10_000, ram=1 << 34, disk=1 << 34, ports=100)
        assert (await one.ask("PUT", "/v1/quota/alice/batch", body=limit))[0] == 200
        yield one
        assert (await one.ask("PUT", "/v1/policy", body=Policy()))[0] == 200


async def placed(caller: Caller, job: str, count: int) -> list[str]:
    """The machines of a job's tasks, once so many are placed."""
    for _ in range(200):
        tasks = await caller.get(f"/v1/jobs/alice/{job}/tasks", list[TaskView])
        machines = [task.machine for task in tasks if task.machine]
        if len(machines) >= count:
            return machines
        await asyncio.sleep(0.05)
    raise AssertionError(
        f"{job} is not placed: {await caller.ask('GET', f'/v1/jobs/alice/{job}/why')}"
    )


async def passes_until(caller: Caller, condition: Any) -> PassesView:
    for _ in range(200):
        view: PassesView = await caller.get("/v1/passes", PassesView)
        if view.passes and condition(view.passes[-1].record):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError(f"no such pass: {view.passes[-3:]}")


async def test_the_policy_is_whole_and_changes_only_for_admins(caller: Caller) -> None:
    status, shown = await caller.ask("GET", "/v1/policy", user="guest")
    assert status == 200
    assert shown["policy"].keys() == KNOBS.keys()
    assert shown["plugins"] == ["even", "broken"]
    before = msgspec.convert(shown, PolicyView)
    status, problem = await caller.ask("PUT", "/v1/policy", user="alice", body=BEST_FIT)
    assert (status, problem["code"]) == (403, "not_allowed")
    path = f"/v1/policy?if_version={before.version}"
    status, dry = await caller.ask("PUT", f"{path}&dry_run=1", body=BEST_FIT)
    assert (status, dry["version"]) == (200, before.version + 1)
    assert await caller.get("/v1/policy", PolicyView) == before
    assert (await caller.ask("PUT", path, body=BEST_FIT))[0] == 200
    assert (await caller.get("/v1/policy", PolicyView)).policy == BEST_FIT
    status, problem = await caller.ask("PUT", path, body=Policy())
    assert (status, problem["code"]) == (409, "conflict")
    status, events = await caller.ask("GET", "/v1/events")
    assert b"root set version" in events


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"[]", "Expected `object`, got `array`", id="no object"),
        pytest.param(b'{"sampel": 1}', "unknown field `sampel`", id="no such knob"),
        pytest.param(b'{"packing": [["tight", 100]]}', "Invalid enum value 'tight'", id="score"),
        pytest.param(b'{"soft": 1.5}', "Expected `int`, got `float`", id="a fraction"),
        pytest.param(b'{"soft": 1e999}', "body", id="infinite"),
        pytest.param(b'{"soft": 99999999999999999999999}', "soft: 9999", id="beyond 64 bits"),
        pytest.param(b'{"packing": []}', "the percentages sum to 0", id="no score"),
        pytest.param(b'{"packing": [["hybrid", 90]]}', "sum to 90, not to 100", id="weights"),
        pytest.param(b'{"sample": -1, "soft": -1}', "soft: -1 is outside", id="every problem"),
        pytest.param(b'{"plugins": ["evn"], "soft": -1}', "did you mean even?", id="plug-in"),
    ],
)
async def test_a_policy_that_cannot_be_used_is_refused(
    caller: Caller, body: bytes, said: str
) -> None:
    before = await caller.get("/v1/policy", PolicyView)
    status, problem = await caller.ask("PUT", "/v1/policy", body=body)
    fields = "".join(f"{f['field']}: {f['message']}\n" for f in problem.get("fields", ()))
    assert status == 400, problem
    assert said in problem["title"] + problem.get("hint", "") + fields
    assert await caller.get("/v1/policy", PolicyView) == before


async def test_a_plug_in_of_the_policy_decides_where_tasks_run(caller: Caller) -> None:
    assert (await caller.ask("PUT", "/v1/policy", body=Policy(plugins=("even",))))[0] == 200
    spec = a_job("even", task=a_task_spec(package=PACKAGE), replicas=6)
    assert (await caller.submit(spec))[0] == 200
    machines = await placed(caller, "even", 6)
    assert all(int(name.rsplit("-", 1)[-1]) % 2 == 0 for name in machines)
    view = await passes_until(caller, lambda record: record.placed >= 6)
    assert view.passes[-1].record.machines == MACHINES
    assert (await caller.ask("DELETE", "/v1/jobs/alice/even", user="alice"))[0] == 200


async def test_a_broken_plug_in_holds_up_who_asks_for_it_and_nobody_else(caller: Caller) -> None:
    task = a_task_spec(package=PACKAGE)
    held = a_job("held", task=task, replicas=2, constraints=(Plugin(name="broken"),))
    status, answer = await caller.submit(held)
    assert status == 200, answer
    assert (await caller.submit(a_job("free", task=task, replicas=2)))[0] == 200
    assert len(await placed(caller, "free", 2)) == 2
    view = await passes_until(caller, lambda record: record.faults)
    assert view.passes[-1].record.faults[0].startswith("plug-in broken: a score is outside 0 to 1")
    why = await caller.get("/v1/jobs/alice/held/tasks/1/why", WhyView)
    reason = "plug-in broken (a score is outside 0 to 1, or is no number)"
    assert why.sentences[0].startswith(f"in the last pass, {reason} rules out")
    assert VetoKind.PLUGIN in {veto.kind for veto in why.vetoes}
    (of_the_job,) = await caller.get("/v1/jobs/alice/held/why", list[WhyView])
    assert of_the_job.sentences == why.sentences
    _, text = await caller.ask("GET", "/metrics")
    metrics = dict(
        line.rsplit(" ", 1) for line in text.decode().splitlines() if line.startswith("borg_")
    )
    assert float(metrics["borg_plugin_failures_total"]) >= 1
    assert float(metrics['borg_unplaced_tasks{veto="plugin"}']) == 2
    assert float(metrics["borg_schedule_planned_total"]) >= 2
    assert float(metrics["borg_schedule_classes_total"]) >= 1
    assert float(metrics["borg_schedule_scores_total"]) >= 1
    assert float(metrics['borg_schedule_phase_seconds_total{phase="place"}']) > 0
    assert float(metrics["borg_schedule_pass_running_seconds"]) == 0
    for job in ("held", "free"):
        assert (await caller.ask("DELETE", f"/v1/jobs/alice/{job}", user="alice"))[0] == 200


async def test_another_policy_lets_those_go_whom_a_broken_plug_in_held_up(caller: Caller) -> None:
    assert (await caller.ask("PUT", "/v1/policy", body=Policy(plugins=("broken",))))[0] == 200
    spec = a_job("freed", task=a_task_spec(package=PACKAGE), replicas=2)
    assert (await caller.submit(spec))[0] == 200
    await passes_until(caller, lambda record: record.faults and record.unplaced == 2)
    assert (await caller.ask("PUT", "/v1/policy", body=Policy()))[0] == 200
    assert len(await placed(caller, "freed", 2)) == 2
    assert (await caller.ask("DELETE", "/v1/jobs/alice/freed", user="alice"))[0] == 200


async def test_a_job_that_names_a_plug_in_that_is_not_there_is_refused(caller: Caller) -> None:
    spec = a_job("odd", task=a_task_spec(package=PACKAGE), constraints=(Plugin(name="evne"),))
    status, problem = await caller.submit(spec)
    assert (status, problem["code"]) == (400, "invalid")
    assert problem["title"] == "the job asks for a plug-in that is not here"
    (field,) = problem["fields"]
    assert field["message"] == "this Borgmaster has no plug-in 'evne'"
    assert field["hint"].startswith("did you mean even?")


async def test_a_plug_in_that_hangs_holds_up_placing_and_neither_requests_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "our_plugins.py").write_text(PLUGINS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    plugin = ("--plugin", "hanging=our_plugins:hanging")
    with (
        a_served_borgmaster(tmp_path / "master", "--poll-interval-ms", "200", *plugin) as one,
        a_borglet(one, tmp_path / "borglet", "--simulate", "1"),
    ):
        async with aiohttp.ClientSession() as http:
            caller = Caller(http, one.address)
            await caller.ask("PUT", f"/v1/packages/{DIGEST}", body=BINARY, user="alice")
            rule = (Plugin(name="hanging"),)
            spec = a_job("stuck", task=a_task_spec(package=PACKAGE), priority=0, constraints=rule)
            assert (await caller.submit(spec))[0] == 200
            view = await caller.get("/v1/passes", PassesView)
            for _ in range(200):
                if view.running_ms > 100:
                    break
                await asyncio.sleep(0.05)
                view = await caller.get("/v1/passes", PassesView)
            assert (view.asking, view.running_ms > 100) == ("hanging", True)
            assert (await caller.ask("GET", "/healthz"))[0] == 200
            assert (await caller.submit(a_job("other", task=spec.task, priority=0)))[0] == 200
            _, text = await caller.ask("GET", "/metrics")
            assert b"borg_schedule_pass_running_seconds 0.0\n" not in text
    assert one.process.returncode == 0


async def test_the_policy_outlives_a_restart_and_a_plug_in_that_does_not_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "our_plugins.py").write_text(PLUGINS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    policy = Policy(plugins=("even",), sample=7)
    async with aiohttp.ClientSession() as http:
        with a_served_borgmaster(tmp_path / "master", "--plugin", "even=our_plugins:even") as one:
            caller = Caller(http, one.address)
            await caller.ask("PUT", f"/v1/packages/{DIGEST}", body=BINARY, user="alice")
            assert (await caller.ask("PUT", "/v1/policy", body=policy))[0] == 200
            spec = a_job("web", task=a_task_spec(package=PACKAGE), priority=0)
            assert (await caller.submit(spec))[0] == 200
        with (
            a_served_borgmaster(tmp_path / "master", "--poll-interval-ms", "200") as one,
            a_borglet(one, tmp_path / "borglet", "--simulate", "2"),
        ):
            caller = Caller(http, one.address)
            assert await caller.get("/v1/policy", PolicyView) == PolicyView(1, policy)
            view = await passes_until(caller, lambda record: record.machines and record.faults)
            fault = "plug-in even: the Borgmaster was started without it"
            assert view.passes[-1].record.faults == (fault,)
            said = "the policy names plug-ins that this Borgmaster was started without: even"
            assert said in one.log.read_text()
            assert (await caller.ask("PUT", "/v1/policy", body=Policy(sample=7)))[0] == 200
            assert len(await placed(caller, "web", 3)) == 3


def test_borgcfg_shows_and_changes_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BORG_ADDR", served.address)
    monkeypatch.setenv("BORG_TOKEN", TOKENS["root"][0])
    monkeypatch.setenv("BORG_USER", "root")
    assert run(["cell", "config", "--set", "packing=best_fit", "--set", "sample=100"]) == 0
    assert capsys.readouterr().out.startswith("packing: hybrid -> best_fit\nsample: 0 -> 100\n")
    assert run(["cell", "config", "--set", "plugins=evne"]) == 4
    assert "did you mean even?" in capsys.readouterr().err
    assert run(["cell", "config", "--reset"]) == 0
    assert capsys.readouterr().out.startswith("packing: best_fit -> hybrid\nsample: 100 -> 0\n")
    assert run(["cell", "passes"]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("gold=no_such:f", "--plugin gold=no_such:f: no_such cannot be imported"),
        ("gold", "--plugin gold: it names no function"),
    ],
)
def test_a_borgmaster_with_a_plug_in_that_cannot_be_loaded_does_not_start(
    tmp_path: Path, flag: str, said: str
) -> None:
    with pytest.raises(AssertionError) as caught, a_served_borgmaster(tmp_path, "--plugin", flag):
        pass
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)
