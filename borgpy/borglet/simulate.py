"""Machines without processes: the same agent over a script, to try a cell with thousands of machines."""

import asyncio
import gc
import heapq
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from borgpy.borglet.actions import (
    Action,
    CheckHealth,
    FetchPackage,
    KillTask,
    StartTask,
    StopTask,
)
from borgpy.borglet.agent import Agent
from borgpy.borglet.facts import (
    Fact,
    HealthAnswered,
    Instance,
    PackageReady,
    TaskExited,
    TaskStarted,
)
from borgpy.borglet.machine import Orders
from borgpy.borglet.offer import Offer
from borgpy.clock import Clock
from borgpy.model.machine import MachineSpec
from borgpy.model.orders import MachineReport
from borgpy.model.resources import Resources

GIB = 1024**3

SIMULATED = "sim"
"""What the names of simulated machines begin with."""

LOWEST_PORT = 20000
PORTS = 12000
LOWEST_PID = 1000
PIDS = 4_000_000
FIRST_FAILURE_MS = 1_000
LAST_FAILURE_MS = 60_000
MILLION = 1_000_000
EXIT_MS = 50
"""How long a simulated task takes to end on SIGTERM."""

SLICE_SECONDS = 0.005
"""The event loop gets a turn this often while many things happen at once."""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """How many machines, what each has, and how its tasks behave."""

    machines: int
    shape: Resources = Resources(cpu=8000, ram=32 * GIB, disk=100 * GIB, ports=PORTS)
    fail_rate: float = 0.0
    start_ms: int = 100
    seed: int = 1
    separate_ports: bool = False
    offer: Offer = Offer()
    prefix: str = SIMULATED


class SimulatedMachines:
    """All the machines of a `Simulation`, and the one list of what will happen on them.

    ``addresses`` is one for all, or one for each.
    """

    def __init__(self, simulation: Simulation, addresses: Sequence[str], clock: Clock) -> None:
        self.simulation = simulation
        self.clock = clock
        self._coming: list[tuple[int, int, SimulatedMachine, Fact | None]] = []
        self._count = 0
        self._sooner = asyncio.Event()
        self.machines: dict[str, SimulatedMachine] = {}
        for number in range(simulation.machines):
            spec = MachineSpec(
                name=f"{simulation.prefix}-{number:05d}",
                address=addresses[number % len(addresses)],
                capacity=simulation.offer.beside(simulation.shape),
                attributes={"simulated": "true"} | simulation.offer.attributes,
                devices=simulation.offer.devices,
                sets=simulation.offer.sets,
            )
            self.machines[spec.name] = SimulatedMachine(spec, self)
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    def expect(self, at: int, machine: "SimulatedMachine", fact: Fact | None) -> None:
        """``fact`` happens on ``machine`` at ``at``; none: it wants to be looked at."""
        self._count += 1
        heapq.heappush(self._coming, (at, self._count, machine, fact))
        if self._coming[0][1] == self._count:
            self._sooner.set()

    def happen(self, at: int) -> int:
        """Let what is due happen, for a slice of time at most; how many things did."""
        end = self.clock.steady_seconds() + SLICE_SECONDS
        done = 0
        while self._coming and self._coming[0][0] <= at:
            _, _, machine, fact = heapq.heappop(self._coming)
            machine.happen(fact, at)
            done += 1
            if done % 64 == 0 and self.clock.steady_seconds() > end:
                break
        return done

    async def _run(self) -> None:
        while True:
            self._sooner.clear()
            now = self.clock.now()
            if self.happen(now) and self._coming and self._coming[0][0] <= now:
                await asyncio.sleep(0)
                continue
            delay = max(self._coming[0][0] - now, 1) / 1000 if self._coming else None
            try:
                await asyncio.wait_for(self._sooner.wait(), delay)
            except TimeoutError:
                continue


def calm_collector() -> None:
    """Let the garbage collector look at what is young only: nothing here is cyclic, and a look at everything that
    10,000 machines keep would hold the event loop for 100 ms each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 1_000, 1_000)


class SimulatedMachine:
    """One machine: an agent whose actions succeed on paper."""

    def __init__(self, spec: MachineSpec, world: SimulatedMachines) -> None:
        self.spec = spec
        self._world = world
        self._agent = Agent()
        self._due: int | None = None
        self._running: dict[Instance, int] = {}
        self._next_port = 0

    def adopt(self, cell: str, orders_seq: int, run: Orders) -> None:
        now = self._world.clock.now()
        self._carry_out(self._agent.adopt(orders_seq, run, now), now)

    def held(self) -> int:
        return self._agent.orders_seq

    def report(self, known: str) -> MachineReport:
        orders_seq, version, tasks = self._agent.report()
        return MachineReport(
            self.spec.name, orders_seq, version, None if version == known else tasks
        )

    def happen(self, fact: Fact | None, at: int) -> None:
        """``fact`` has happened; none: what is due is done."""
        if fact is None:
            self._due = None
            self._carry_out(self._agent.tick(at), at)
        elif isinstance(fact, TaskExited):
            if self._running.get(fact.task) == fact.run:
                del self._running[fact.task]
                self._carry_out(self._agent.observe(fact, at), at)
        else:
            self._carry_out(self._agent.observe(fact, at), at)

    def _carry_out(self, actions: list[Action], at: int) -> None:
        waiting = list(actions)
        while waiting:
            fact = self._outcome(waiting.pop(0), at)
            if fact is not None:
                waiting += self._agent.observe(fact, at)
        due = self._agent.due_at()
        if due is not None and (self._due is None or due < self._due):
            self._due = due
            self._world.expect(due, self, None)

    def _outcome(self, action: Action, at: int) -> Fact | None:
        """What an action leads to at once; what it leads to later is put on the list."""
        if isinstance(action, FetchPackage):
            return PackageReady(action.task)
        if isinstance(action, StartTask):
            self._start(action, at)
        elif isinstance(action, (StopTask, KillTask)):
            exited = TaskExited(action.task, action.run, -15, at + EXIT_MS)
            self._world.expect(at + EXIT_MS, self, exited)
        elif isinstance(action, CheckHealth):
            return HealthAnswered(action.task, action.run, healthy=True)
        return None

    def _start(self, action: StartTask, at: int) -> None:
        simulation = self._world.simulation
        begins = at + simulation.start_ms
        ports = action.ports | action.spec.fixed_ports
        for name in action.spec.ports:
            if name not in ports:
                ports[name] = LOWEST_PORT + self._next_port % PORTS
                self._next_port += 1
        lot = draw(simulation.seed, self.spec.name, action.task, action.run)
        self._running[action.task] = action.run
        started = TaskStarted(action.task, action.run, LOWEST_PID + lot % PIDS, ports, begins)
        self._world.expect(begins, self, started)
        if (lot >> 24) % MILLION < simulation.fail_rate * MILLION:
            ends = begins + FIRST_FAILURE_MS + (lot >> 44) % (LAST_FAILURE_MS - FIRST_FAILURE_MS)
            self._world.expect(ends, self, TaskExited(action.task, action.run, 1, ends))


def draw(seed: int, machine: str, task: Instance, run: int) -> int:
    """64 bits of chance that depend on nothing but these, in whatever order things happen."""
    named = f"{seed} {machine} {task.job} {task.index} {task.incarnation} {run}"
    return int.from_bytes(blake2b(named.encode(), digest_size=8).digest(), "big")
