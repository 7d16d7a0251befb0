"""Starting, stopping and looking after an embedded cell's two processes."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from borgpy.cli.embedded import (
    Layout,
    Programs,
    Recorded,
    locked,
    prepare,
    read_record,
    write_record,
)
from borgpy.cli.processes import ProcessId, last_lines, start_in_background
from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint, Retries
from borgpy.clock import SystemClock
from borgpy.errors import BorgError, NotFound, TimedOut, Unreachable
from borgpy.model.machine import MachineState
from borgpy.model.names import MACHINE_PATTERN
from borgpy.model.priority import Band
from borgpy.model.quota import UNLIMITED_BAND
from borgpy.model.resources import NOTHING

SERVING_SECONDS = 60.0
"""A Borgmaster replays its journal, and waits for the lease of one that was killed, before it serves."""

POLL_INTERVAL_MS = 1000
"""One machine is asked more often than Borg's every few seconds: somebody sits before it."""

JOINING_SECONDS = 60.0
ENDING_SECONDS = 15.0
STOPPING_TASKS_SECONDS = 120.0
"""Tasks get their notice period before they are killed; the Borglet ends after the last of them."""

Say = Callable[[str], None]


class EmbeddedCell:
    """One cell on this machine. Its methods may be called by several borgcfg at once."""

    def __init__(self, root: Path, user: str, say: Say, programs: Programs | None = None) -> None:
        self.layout = Layout(root)
        self._user = user
        self._say = say
        self._programs = programs or Programs()

    async def start(
        self, simulate: int | None = None, plugins: tuple[str, ...] | None = None
    ) -> Recorded:
        """Start what does not run, and wait until machines have joined; what runs already is left alone, unless it is to
        be another number of machines, or the Borgmaster is to have other plug-ins."""
        async with locked(self.layout):
            recorded = self._known() or Recorded(
                cell=self.layout.root.name, user=self._user, machine=_machine_name()
            )
            prepare(self.layout, recorded.user)
            if simulate is not None and simulate != recorded.simulate:
                recorded = await self._end_borglet(recorded, with_tasks=True)
                recorded = msgspec.structs.replace(recorded, simulate=simulate)
            if plugins is None or plugins == recorded.plugins:
                recorded = await self._start_borgmaster(recorded)
            else:
                recorded = await self._start_with(plugins, recorded)
            recorded = await self._start_borglet(recorded)
            async with self._client(recorded) as client:
                await self._joined(client, recorded)
                return await self._grant(client, recorded)

    async def stop(self, *, keep_tasks: bool) -> None:
        """End both processes; the tasks, too, unless they are kept. The jobs come back with the next start."""
        async with locked(self.layout):
            recorded = self._known()
            if recorded is None:
                raise NotFound(f"there is no cell at {self.layout.root}")
            recorded = await self._end_borgmaster(recorded)
            await self._end_borglet(recorded, with_tasks=not keep_tasks)

    def _known(self) -> Recorded | None:
        return read_record(self.layout)

    def _record(self, recorded: Recorded, **changes: object) -> Recorded:
        changed = msgspec.structs.replace(recorded, **changes)
        write_record(self.layout, changed)
        return changed

    async def _start_with(self, plugins: tuple[str, ...], recorded: Recorded) -> Recorded:
        """Start the Borgmaster anew with these plug-ins; if it does not like them, the next start has the old ones."""
        before = recorded.plugins
        recorded = await self._end_borgmaster(recorded)
        try:
            return await self._start_borgmaster(msgspec.structs.replace(recorded, plugins=plugins))
        except BorgError:
            self._record(self._known() or recorded, plugins=before)
            raise

    async def _start_borgmaster(self, recorded: Recorded) -> Recorded:
        if not borgmaster_process(recorded).is_alive():
            self._say(f"starting the Borgmaster of cell {recorded.cell}")
            process = self._launch(
                "borgmaster",
                *self._programs.borgmaster,
                *("--cell", recorded.cell, "--data", str(self.layout.master)),
                *("--listen", _listen_again(recorded.address)),
                *("--tokens", str(self.layout.tokens)),
                *("--credential", str(self.layout.credential)),
                *("--poll-interval-ms", str(POLL_INTERVAL_MS)),
                *(flag for plugin in recorded.plugins for flag in ("--plugin", plugin)),
            )
            recorded = self._record(
                recorded, borgmaster_pid=process.pid, borgmaster_started=process.started
            )
        process = borgmaster_process(recorded)
        address = await self._address("borgmaster", process, SERVING_SECONDS)
        if address != recorded.address:
            # The Borglet was told the old address when it was started.
            recorded = await self._end_borglet(recorded, with_tasks=False)
            recorded = self._record(recorded, address=address)
        await self._serving(recorded, process)
        return recorded

    async def _end_borgmaster(self, recorded: Recorded) -> Recorded:
        master = borgmaster_process(recorded)
        if master.is_alive():
            self._say("stopping the Borgmaster")
            await _end(master)
        return self._record(recorded, borgmaster_pid=0, borgmaster_started=0.0)

    async def _start_borglet(self, recorded: Recorded) -> Recorded:
        if not borglet_process(recorded).is_alive():
            what = f"{recorded.simulate} simulated machines" if recorded.simulate else "its Borglet"
            self._say(f"starting {what}")
            process = self._launch(
                "borglet", *self._programs.borglet, *self._borglet_flags(recorded)
            )
            recorded = self._record(
                recorded, borglet_pid=process.pid, borglet_started=process.started
            )
        await self._address("borglet", borglet_process(recorded), JOINING_SECONDS)
        return recorded

    def _borglet_flags(self, recorded: Recorded) -> tuple[str, ...]:
        which = (
            ("--simulate", str(recorded.simulate))
            if recorded.simulate
            else ("--name", recorded.machine)
        )
        return (
            *("--master", recorded.address, "--join-token", str(self.layout.join_token)),
            *("--data", str(self.layout.borglet), "--listen", "127.0.0.1:0"),
            *which,
        )

    def _launch(self, program: str, *arguments: str) -> ProcessId:
        address_file = self.layout.address_of(program)
        address_file.unlink(missing_ok=True)
        if program == "borglet":
            self.layout.stop_tasks.unlink(missing_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BORG_")}
        return start_in_background(
            [*arguments, "--address-file", str(address_file)],
            log=self.layout.log_of(program),
            folder=self.layout.root,
            environment=environment,
        )

    async def _address(self, program: str, process: ProcessId, seconds: float) -> str:
        """The address that the process says it serves at."""
        deadline = SystemClock().steady_seconds() + seconds
        while True:
            try:
                address = self.layout.address_of(program).read_text().strip()
            except FileNotFoundError:
                address = ""
            if address:
                return address
            self._check(program, process, deadline)
            await asyncio.sleep(0.05)

    async def _serving(self, recorded: Recorded, process: ProcessId) -> None:
        deadline = SystemClock().steady_seconds() + SERVING_SECONDS
        async with self._client(recorded, Retries(attempts=1)) as client:
            while True:
                try:
                    return await client.check_health()
                except Unreachable:
                    self._check("borgmaster", process, deadline)
                await asyncio.sleep(0.1)

    async def _joined(self, client: BorgmasterClient, recorded: Recorded) -> None:
        """Wait until the machines that the running Borglet stands for can be used."""
        deadline = SystemClock().steady_seconds() + JOINING_SECONDS
        address = self.layout.address_of("borglet").read_text().strip()
        while not await _are_up(client, address, recorded.simulate):
            self._check("borglet", borglet_process(recorded), deadline)
            await asyncio.sleep(0.1)

    def _check(self, program: str, process: ProcessId, deadline: float) -> None:
        log = self.layout.log_of(program)
        name = program.capitalize()
        if not process.is_alive():
            end = "".join(f"\n  {line}" for line in last_lines(log))
            raise BorgError(f"the {name} ended as soon as it was started:{end}", hint=f"see {log}")
        if SystemClock().steady_seconds() > deadline:
            raise TimedOut(
                f"the {name} (pid {process.pid}) runs, and is not ready after a minute",
                hint=f"see {log}; `borgcfg cell stop {self.layout.root.name}` ends it",
            )

    async def _grant(self, client: BorgmasterClient, recorded: Recorded) -> Recorded:
        """The cell's own user may use all of it, so that nothing has to be granted first. A limit that was set by
        hand stays."""
        capacity = (await client.cell()).capacity
        if capacity == recorded.granted:
            return recorded
        limits = {view.band: view.limit for view in await client.quota(recorded.user)}
        for band in Band:
            untouched = limits.get(band) in (None, NOTHING, recorded.granted)
            if band is not UNLIMITED_BAND and untouched:
                await client.set_quota(recorded.user, band, capacity)
        return self._record(recorded, granted=capacity)

    async def _end_borglet(self, recorded: Recorded, *, with_tasks: bool) -> Recorded:
        process = borglet_process(recorded)
        with_tasks = with_tasks and not recorded.simulate  # simulated tasks are no processes
        if with_tasks:
            if not process.is_alive() and self._has_run(recorded):
                # Tasks outlive a killed Borglet, and only a Borglet knows which they are and how to end them.
                recorded = await self._start_borglet(recorded)
                process = borglet_process(recorded)
            if process.is_alive():
                self._say("stopping the Borglet and its tasks")
                self.layout.stop_tasks.touch(mode=0o600)
        if process.is_alive():
            await _end_borglet(process, with_tasks)
            if with_tasks and self.layout.stop_tasks.exists():
                self.layout.stop_tasks.unlink()
                self._record(recorded, borglet_pid=0, borglet_started=0.0)
                raise BorgError(
                    "the Borglet ended and left its tasks running",
                    hint=f"see {self.layout.log_of('borglet')}; start the cell and stop it again",
                )
        return self._record(recorded, borglet_pid=0, borglet_started=0.0)

    def _has_run(self, recorded: Recorded) -> bool:
        return bool(recorded.borglet_pid and recorded.address)

    def _client(self, recorded: Recorded, retries: Retries | None = None) -> BorgmasterClient:
        token = self.layout.token.read_text().strip()
        return BorgmasterClient(Endpoint(recorded.address, token), retries=retries)


def borgmaster_process(recorded: Recorded) -> ProcessId:
    return ProcessId(recorded.borgmaster_pid, recorded.borgmaster_started)


def borglet_process(recorded: Recorded) -> ProcessId:
    return ProcessId(recorded.borglet_pid, recorded.borglet_started)


async def _are_up(client: BorgmasterClient, address: str, simulated: int) -> bool:
    if simulated:
        return (await client.cell()).machines.get(MachineState.UP.value, 0) >= simulated
    return any(
        machine.address == address and machine.state is MachineState.UP
        for machine in await client.machines()
    )


async def _end(process: ProcessId) -> None:
    process.send(signal.SIGTERM)
    if not await process.gone_within(ENDING_SECONDS):
        process.send(signal.SIGKILL)  # the journal is made for it
        await process.gone_within(ENDING_SECONDS)


async def _end_borglet(process: ProcessId, with_tasks: bool) -> None:
    if not with_tasks:
        return await _end(process)
    process.send(signal.SIGTERM)
    if not await process.gone_within(STOPPING_TASKS_SECONDS):
        raise TimedOut(
            f"the Borglet (pid {process.pid}) has not ended; some task may not want to",
            hint="its log tells which; the same command waits for it again",
        )
    return None


def _machine_name() -> str:
    """This machine's name, kept for good: a laptop is called otherwise in another network, and is the same machine."""
    name = socket.gethostname()
    return name if MACHINE_PATTERN.match(name) else "localhost"


def _listen_again(address: str) -> str:
    """The address to listen at: the one it had, so that Borglets find it again, or any if that is taken."""
    port = urlsplit(address).port or 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            port = 0
    return f"127.0.0.1:{port}"
