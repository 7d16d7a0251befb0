"""What a Borglet accepts over HTTP, what it turns down, and that a refusal changes nothing."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from borgpy.model.api import ProblemDetails
from borgpy.model.names import JobKey
from borgpy.model.orders import MachineOrders, Poll, PollReply, TaskOrder
from tests.integration.borglet_rig import (
    CREDENTIAL,
    JOB,
    BorgletProcess,
    SmallBorgmaster,
    a_borglet,
    a_server,
    a_spec,
    all_healthy,
    until,
)

pytestmark = pytest.mark.slow


async def test_bad_polls_are_refused_clearly_and_change_nothing(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        borgmaster.epoch = 5
        spec = a_server(borgmaster)
        borgmaster.order(spec, 0)
        before = await borgmaster.until(all_healthy(1))

        def poll(**changes: object) -> bytes:
            good = Poll("ic", 5, 99, (MachineOrders("here", 99, ()),))
            return msgspec.msgpack.encode(msgspec.structs.replace(good, **changes))

        unknown_spec = MachineOrders("here", 99, (TaskOrder(JOB, 0, 1, "nothing"),))
        bad_name = MachineOrders("here", 99, (TaskOrder(JobKey("../x"), 0, 1, spec.digest()),))
        specs = {spec.digest(): spec}
        for body, credential, status, said in (
            (poll(), None, 401, "orders must carry the cell's credential"),
            (poll(), "wrong", 401, "orders must carry the cell's credential"),
            (poll(epoch=4), CREDENTIAL, 409, "epoch 4 is over"),
            (poll(cell="other"), CREDENTIAL, 409, "this Borglet belongs to cell ic, not other"),
            (b"rubbish", CREDENTIAL, 400, "this is no poll"),
            (b"", CREDENTIAL, 400, "this is no poll"),
            (poll(machines=(unknown_spec,)), CREDENTIAL, 400, "does not bring it"),
            (poll(machines=(bad_name,), specs=specs), CREDENTIAL, 400, "no name of a job"),
            (b"x" * (33 << 20), CREDENTIAL, 413, "Request Entity Too Large"),
        ):
            answered, answer = await borgmaster.post(body, credential)
            problem = msgspec.json.decode(answer, type=ProblemDetails)
            assert (answered, problem.status) == (status, status)
            assert said in problem.title
        assert await borgmaster.until(all_healthy(1)) == before

        # The epoch outlives the Borglet.
        await borglet.kill()
        await borglet.start()
        assert await borgmaster.until(all_healthy(1)) == before
        assert (await borgmaster.post(poll(epoch=4)))[0] == 409


async def test_orders_that_were_overtaken_on_the_way_are_not_taken(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        borgmaster.order(a_server(borgmaster), 0)
        before = await borgmaster.until(all_healthy(1))
        late = Poll("ic", 1, 0, (MachineOrders("here", 0, ()),))
        status, body = await borgmaster.post(msgspec.msgpack.encode(late))
        (report,) = msgspec.msgpack.decode(body, type=PollReply).machines
        assert (status, report.orders_seq) == (200, borgmaster.seq)
        assert await borgmaster.until(all_healthy(1)) == before


async def test_an_unchanged_machine_answers_without_its_tasks(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        borgmaster.order(a_server(borgmaster), 0)
        await borgmaster.until(all_healthy(1))
        report = await borgmaster.poll()
        unchanged = MachineOrders("here", borgmaster.seq, known_report=report.version)
        unknown = MachineOrders("elsewhere", 1, ())
        poll = Poll("ic", 1, 7, (unchanged, unknown))
        _, body = await borgmaster.post(msgspec.msgpack.encode(poll))
        reply = msgspec.msgpack.decode(body, type=PollReply)
        assert (reply.epoch, reply.seq) == (1, 7)
        assert [(m.machine, m.version, m.tasks) for m in reply.machines] == [
            ("here", report.version, None)
        ]


async def test_usage_is_reported(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        script = "#!/bin/sh\nhead -c 3000000 /dev/zero > blob\nwhile :; do :; done\n"
        borgmaster.order(a_spec(borgmaster.package("spinner", script)), 0)
        await borgmaster.until_alive(1)
        async with asyncio.timeout(20):
            while True:
                usage = [each.usage for each in (await borgmaster.poll()).usage]
                if usage and usage[0].cpu:
                    break
                await asyncio.sleep(0.1)
        assert usage[0].cpu > 100
        assert usage[0].ram > 0
        assert usage[0].disk >= 3_000_000


async def test_a_package_with_the_wrong_digest_is_not_run_and_tried_again(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        good = "#!/bin/sh\nexec sleep 1000\n"
        package = borgmaster.package("sleeper", good)
        borgmaster.packages[package.digest] = b"#!/bin/sh\nexec sleep 1001\n"
        borgmaster.order(a_spec(package), 0)
        tasks = await borgmaster.until(lambda tasks: bool(tasks[0].status.reason))
        assert "package sleeper: wrong digest" in tasks[0].status.reason
        borgmaster.packages[package.digest] = b"#!/bin/sh\n"
        await borgmaster.until(lambda tasks: "bytes came, not" in tasks[0].status.reason)
        borgmaster.packages[package.digest] = good.encode()
        tasks = await borgmaster.until_alive(1)
        assert tasks[0].status.reason == ""
        assert [p.name for p in (borglet.data / "packages").iterdir()] == [package.digest]


async def test_logs_rotate_without_losing_a_line_and_outlive_the_task(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        script = "#!/bin/sh\nseq -f 'line %.0f of many that are written quickly' 1 250000\necho bad >&2\nsleep 1000\n"
        borgmaster.order(a_spec(borgmaster.package("talker", script)), 0)
        await borgmaster.until_alive(1)
        async with asyncio.timeout(20):
            last = ""
            while last != line(250000):
                last = await borgmaster.log(0, tail=1)
        assert len(list(borglet.data.glob("tasks/*/*/0/1/logs/stdout.*"))) > 2
        whole = "".join(line(number) for number in range(1, 250001))
        assert await borgmaster.log(0) == whole
        assert await borgmaster.log(0, offset=len(whole) - 100) == whole[-100:]
        assert await borgmaster.log(0, stream="stderr") == "bad\n"
        borgmaster.withdraw(0)
        await borgmaster.until(lambda tasks: not tasks)
        assert await borgmaster.log(0, tail=2, follow=1) == line(249999) + line(250000)
        assert await borgmaster.log(0, incarnation=9) == "HTTP 404"
        assert await borgmaster.log(0, stream="nonsense") == "HTTP 400"


async def test_a_log_is_followed_while_the_task_writes(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        script = (
            "#!/bin/sh\necho one\nwhile [ ! -e go ]; do sleep 0.05; done\necho two\nsleep 1000\n"
        )
        borgmaster.order(a_spec(borgmaster.package("talker", script)), 0)
        await borgmaster.until_alive(1)
        (address,) = borgmaster.machines.values()
        headers = {"Authorization": f"Bearer {CREDENTIAL}"}
        query = {"job": JOB, "index": "0", "follow": "1"}
        async with borgmaster.session.get(
            f"{address}/v1/logs", params=query, headers=headers
        ) as answer:
            assert await answer.content.readline() == b"one\n"
            (work,) = tmp_path.glob("borglet/tasks/*/*/0/1/sandbox")
            (work / "go").touch()
            assert await answer.content.readline() == b"two\n"
        async with borgmaster.session.get(f"{address}/v1/logs", params=query) as answer:
            assert answer.status == 401


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        pytest.param(("--listen", "0.0.0.0:0"), 4, "--tls-cert", id="open to others without TLS"),
        pytest.param(("--listen", "nowhere"), 4, "not HOST:PORT", id="no address"),
        pytest.param(("--ram", "-1"), 4, "must not be negative", id="negative RAM"),
        pytest.param(("--port-range", "9-3"), 4, "no port range", id="an empty range"),
        pytest.param(("--simulate", "0"), 4, "must be 1 to", id="no machines"),
    ],
)
async def test_a_borglet_that_cannot_be_says_why(
    tmp_path: Path, flags: tuple[str, ...], code: int, said: str
) -> None:
    async with SmallBorgmaster().serving() as borgmaster:
        borglet = BorgletProcess(borgmaster, tmp_path, *flags)
        await borglet.start()
        assert await borglet.process.wait() == code
        assert said in borglet.log()
        assert borgmaster.joins == []


async def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path) -> None:
    async with SmallBorgmaster().serving() as borgmaster:
        taken = borgmaster.address.removeprefix("http://")
        borglet = BorgletProcess(borgmaster, tmp_path, "--listen", taken)
        await borglet.start()
        assert await borglet.process.wait() == 6
        assert f"cannot listen on {taken}: Address already in use" in borglet.log()


async def test_joining_is_tried_until_it_works(tmp_path: Path) -> None:
    async with SmallBorgmaster().serving() as borgmaster:
        borglet = BorgletProcess(borgmaster, tmp_path)
        await borglet.start()
        (tmp_path / "join-token").write_text("wrong")
        await until(lambda: "does not accept the join token" in borglet.log())
        (tmp_path / "join-token").write_text("join-secret")
        await until(lambda: bool(borgmaster.joins))
        (machine,) = borgmaster.joins[0].machines
        assert machine.name == "here"
        assert machine.capacity.cpu >= 1000
        assert machine.capacity.ports == 12000
        assert machine.attributes["os"] == "linux"
        async with borgmaster.session.get(f"{machine.address}/healthz") as answer:
            assert await answer.json() == {"ok": True}
        await borglet.end()
        assert borglet.process.returncode == 0


def line(number: int) -> str:
    return f"line {number} of many that are written quickly\n"
