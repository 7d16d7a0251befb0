"""Simulated machines: the same agent, the same reports, no processes, the same every time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from borgpy.borglet.facts import Instance
from borgpy.borglet.machine import Orders
from borgpy.borglet.simulate import SimulatedMachine, SimulatedMachines, Simulation
from borgpy.clock import SystemClock
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.orders import TaskReport
from borgpy.model.spec import HealthCheck, Package, Restart, TaskSpec

JOB = JobKey("alice/web")
SPEC = TaskSpec(
    Package("server", "ab" * 32, 1), ports=("port",), health=HealthCheck(), restart=Restart.NEVER
)


@asynccontextmanager
async def simulated(simulation: Simulation) -> AsyncIterator[SimulatedMachines]:
    machines = SimulatedMachines(simulation, ["http://127.0.0.1:1"], SystemClock())
    yield machines
    await machines.close()


def orders(count: int) -> Orders:
    return [(Instance(JOB, index, 1), SPEC) for index in range(count)]


async def tasks_of(machine: SimulatedMachine, phase: Phase) -> tuple[TaskReport, ...]:
    """Its tasks, once all are in ``phase``."""
    async with asyncio.timeout(10):
        while True:
            tasks = machine.report("").tasks or ()
            if all(task.status.phase is phase for task in tasks):
                return tasks
            await asyncio.sleep(0.01)


async def test_tasks_run_with_ports_of_their_own_until_they_are_stopped() -> None:
    async with simulated(Simulation(machines=3, start_ms=10)) as machines:
        assert list(machines.machines) == ["sim-00000", "sim-00001", "sim-00002"]
        machine = machines.machines["sim-00001"]
        machine.adopt("ic", 7, orders(20))
        assert (await tasks_of(machine, Phase.STARTING))[0].status.pid == 0
        tasks = await tasks_of(machine, Phase.HEALTHY)
        assert len(tasks) == 20
        assert len({task.status.ports["port"] for task in tasks}) == 20
        report = machine.report("")
        assert (report.orders_seq, machine.held()) == (7, 7)
        assert machine.report(report.version).tasks is None
        machine.adopt("ic", 8, [])
        await asyncio.sleep(0.1)
        machines.happen(machines.clock.now() + 10_000)
        assert machine.report("").tasks == ()
        assert machines.machines["sim-00000"].report("").tasks == ()


async def test_the_same_seed_gives_the_same_pids_and_another_one_does_not() -> None:
    pids = []
    for seed in (1, 1, 2):
        async with simulated(Simulation(machines=1, start_ms=0, seed=seed)) as machines:
            machine = machines.machines["sim-00000"]
            machine.adopt("ic", 1, orders(5))
            pids.append([t.status.pid for t in await tasks_of(machine, Phase.HEALTHY)])
    assert pids[0] == pids[1] != pids[2]


async def test_as_many_runs_fail_as_was_asked_for() -> None:
    async with simulated(Simulation(machines=1, start_ms=0, fail_rate=0.5)) as machines:
        machine = machines.machines["sim-00000"]
        machine.adopt("ic", 1, orders(400))
        now = machines.clock.now()
        for hours in range(1, 4):  # each begins what the next one ends
            while machines.happen(now + hours * 3_600_000):
                pass
        failed = [t for t in machine.report("").tasks or () if t.status.phase is Phase.FAILED]
        assert 150 < len(failed) < 250
        assert {task.status.reason for task in failed} == {"exit status 1"}
