"""A simulated Borglet over the real protocol."""

from pathlib import Path

import msgspec
import pytest

from borgpy.model.lifecycle import Phase
from borgpy.model.orders import MachineOrders, MachineReport, Poll, PollReply, TaskOrder
from tests.integration.borglet_rig import (
    CREDENTIAL,
    JOB,
    BorgletProcess,
    SmallBorgmaster,
    a_spec,
    until,
)

pytestmark = pytest.mark.slow


async def test_1200_machines_join_in_pieces_and_run_what_they_are_told(tmp_path: Path) -> None:
    async with SmallBorgmaster().serving() as borgmaster:
        borglet = BorgletProcess(borgmaster, tmp_path, "--simulate", "1200", "--start-ms", "10")
        await borglet.start()
        await until(lambda: len(borgmaster.machines) == 1200)
        assert [len(join.machines) for join in borgmaster.joins] == [500, 500, 200]
        spec = a_spec(borgmaster.package("server", "x"), ports=("port",))
        names = list(borgmaster.machines)[:500]
        machines = tuple(
            MachineOrders(name, 9, (TaskOrder(JOB, index, 1, spec.digest()),))
            for index, name in enumerate(names)
        )
        poll = msgspec.msgpack.encode(Poll("ic", 1, 9, machines, {spec.digest(): spec}))

        async def reports() -> list[MachineReport]:
            status, body = await borgmaster.post(poll)
            assert status == 200
            return list(msgspec.msgpack.decode(body, type=PollReply).machines)

        assert [(r.machine, r.orders_seq) for r in await reports()] == [(n, 9) for n in names]
        while {phase_of(report) for report in await reports()} != {Phase.RUNNING}:
            pass
        await borglet.end()


async def test_every_simulated_machine_may_have_an_address_of_its_own(tmp_path: Path) -> None:
    async with SmallBorgmaster().serving() as borgmaster:
        borglet = BorgletProcess(borgmaster, tmp_path, "--simulate", "40", "--separate-ports")
        await borglet.start()
        await until(lambda: len(borgmaster.machines) == 40)
        assert len(set(borgmaster.machines.values())) == 40

        async def machines_at(address: str, name: str) -> list[str]:
            """Whom a poll at this address reaches; nobody until the Borglet has heard that it has joined."""
            body = msgspec.msgpack.encode(Poll("ic", 1, 1, (MachineOrders(name, 1, ()),)))
            headers = {"Authorization": f"Bearer {CREDENTIAL}"}
            async with borgmaster.session.post(
                f"{address}/v1/poll", data=body, headers=headers
            ) as answer:
                if answer.status == 401:
                    return []
                reply = msgspec.msgpack.decode(await answer.read(), type=PollReply)
            return [report.machine for report in reply.machines]

        name, address = next(iter(borgmaster.machines.items()))
        while not await machines_at(address, name):
            pass  # the test's own time limit ends this
        for name, address in borgmaster.machines.items():
            assert await machines_at(address, name) == [name]
        await borglet.end()


def phase_of(report: MachineReport) -> Phase:
    assert report.tasks is not None
    return report.tasks[0].status.phase
