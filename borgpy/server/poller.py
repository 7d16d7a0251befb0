"""The poller: hands each Borglet its orders and brings back its report, at the Borgmaster's pace (Borg §3.3).

Many machines may stand behind one address and share a poll. Machines whose orders changed are polled at once, all
others every interval. Who has missed several polls is lost.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

import aiohttp
import msgspec

from borgpy.clock import Clock
from borgpy.errors import BorgError
from borgpy.master.borgmaster import Borgmaster
from borgpy.master.orders import machine_orders, specs_of
from borgpy.master.reports import difference
from borgpy.model.events import Event
from borgpy.model.lifecycle import Phase
from borgpy.model.machine import MachineState
from borgpy.model.operations import LoseMachines, MachineDifference, Observe, Operation
from borgpy.model.orders import (
    EPOCH_HEADER,
    MAX_MACHINES_PER_POLL,
    MachineOrders,
    MachineReport,
    Poll,
    PollReply,
    TaskUsage,
)
from borgpy.server.settings import POLLS_MISSED

log = logging.getLogger(__name__)

MAX_POLLS_AT_ONCE = 256
"""Each waits for its own Borglet; together they must not make the Borgmaster a crowd of open sockets."""

LONGEST_POLL_SECONDS = 5.0
SHORTEST_POLL_SECONDS = 1.0
"""A Borglet has as long to answer as there is between two polls, within these bounds."""

MAX_REPLY_BYTES = 32 << 20
"""500 machines with a hundred tasks each report some 10 MB; more is rubbish."""

MAX_TASKS_PER_POLL = 1000
"""Machines share a poll as long as together they run no more than this, so that neither side's event loop is held."""

MAX_CHANGES = 500
"""Changes in one journal entry, for the same reason."""

GATHER_SECONDS = 0.010
"""News about several machines of one address within this time shares a poll."""

MAX_EPOCH = 1 << 53
"""No cell comes near it; a Borglet that claims more is not believed."""

SOON_SECONDS = 0.5
"""A machine where something starts or stops is asked again after this long: somebody is probably waiting for it."""

Commit = Callable[[Operation], Awaitable[list[Event]]]
Sampled = Callable[[str, Sequence[TaskUsage]], None]

_MOVING = (Phase.STARTING, Phase.STOPPING)

_decoder = msgspec.msgpack.Decoder(PollReply)


class Pace(msgspec.Struct, frozen=True):
    """How often every machine is polled, and how long a silent one is waited for, in seconds."""

    interval: float
    lost_after: float


class _Seat(msgspec.Struct):
    """What the poller remembers of one machine: the versions of its orders and of its last report, when it answered,
    and whether tasks are starting or stopping there.
    """

    answered_at: float
    missed: int = 0
    known_report: str = ""
    held_orders: int = -1
    moving: bool = False


class _Link(msgspec.Struct):
    """One address and its machines. Those with news are ``urgent``."""

    address: str
    seats: dict[str, _Seat]
    news: asyncio.Event
    urgent: set[str]
    number: int
    trouble: str = ""


class Poller:
    """Polls every machine of the cell. `nudge` makes it hurry for some of them."""

    def __init__(
        self,
        master: Borgmaster,
        commit: Commit,
        http: aiohttp.ClientSession,
        clock: Clock,
        credential: str,
        pace: Pace,
    ) -> None:
        self._master = master
        self._commit = commit
        self._http = http
        self._clock = clock
        self._headers = {
            "Authorization": f"Bearer {credential}",
            "Content-Type": "application/msgpack",
        }
        self._pace = pace
        patience = min(LONGEST_POLL_SECONDS, max(SHORTEST_POLL_SECONDS, pace.interval))
        self._timeout = aiohttp.ClientTimeout(total=patience)
        self._links: dict[str, _Link] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._addresses: dict[str, str] = {}
        self._numbers = 0
        self._slots = asyncio.Semaphore(MAX_POLLS_AT_ONCE)
        self.sampled: Sampled = _ignore
        self.polled: Callable[[bool], None] = _ignore
        self.outranked: Callable[[int], None] = _ignore

    def nudge(self, machines: Iterable[str]) -> None:
        """These machines joined, left, or have new orders: poll them soon."""
        for name in machines:
            machine = self._master.cell.machines.get(name)
            address = machine.spec.address if machine else ""
            before = self._addresses.get(name, "")
            if before != address:
                self._move(name, before, address)
            if address:
                link = self._links[address]
                link.urgent.add(name)
                link.news.set()

    async def close(self) -> None:
        """Poll no more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _move(self, name: str, before: str, address: str) -> None:
        if before:
            link = self._links[before]
            del link.seats[name]
            link.urgent.discard(name)
            if not link.seats:
                del self._links[before]
                self._tasks.pop(before).cancel()
        self._addresses.pop(name, None)
        if not address:
            return
        self._addresses[name] = address
        if address not in self._links:
            self._numbers += 1
            link = _Link(address, {}, asyncio.Event(), set(), self._numbers)
            self._links[address] = link
            self._tasks[address] = asyncio.create_task(self._follow(link))
        self._links[address].seats[name] = _Seat(self._clock.steady_seconds())

    async def _follow(self, link: _Link) -> None:
        """Poll one address for ever."""
        # The golden ratio spreads the addresses evenly over the interval, however many there are.
        due = self._clock.steady_seconds() + self._pace.interval * (link.number * 0.618034 % 1)
        while True:
            moving = any(seat.moving for seat in link.seats.values())
            wait = due - self._clock.steady_seconds()
            try:
                async with asyncio.timeout(max(0.0, min(wait, SOON_SECONDS) if moving else wait)):
                    await link.news.wait()
                await asyncio.sleep(GATHER_SECONDS)
                names = link.urgent
            except TimeoutError:
                if self._clock.steady_seconds() < due:
                    names = link.urgent | {n for n, seat in link.seats.items() if seat.moving}
                else:
                    names = set(link.seats)
                    due = self._clock.steady_seconds() + self._pace.interval
            link.news.clear()
            link.urgent = set()
            for chunk in self._chunks(sorted(names)):
                try:
                    if not await self._exchange(link, chunk):
                        break
                except BorgError as error:  # the store takes no writes; the next poll tries again
                    log.warning("what %s reported could not be written: %s", link.address, error)
                    break
                except Exception:  # one Borglet's riddle must not end the polling of its machines
                    log.exception("a fault while polling %s", link.address)
                    break

    def _chunks(self, names: Sequence[str]) -> Iterator[list[str]]:
        """The machines in groups of a bearable size, measured when each is about to be polled."""
        occupancy = self._master.cell.occupancy
        chunk: list[str] = []
        tasks = 0
        for name in names:
            room = occupancy.get(name)
            load = len(room.charges) if room else 0
            if chunk and (len(chunk) == MAX_MACHINES_PER_POLL or tasks + load > MAX_TASKS_PER_POLL):
                yield chunk
                chunk, tasks = [], 0
            chunk.append(name)
            tasks += load
        if chunk:
            yield chunk

    async def _exchange(self, link: _Link, names: Sequence[str]) -> bool:
        """One poll. Whether the Borglet answered it."""
        poll = self._poll(link, names)
        try:
            async with self._slots:
                reply = await self._ask(link.address, poll)
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError, OSError) as error:
            self.polled(False)
            trouble = _what(error)
            if trouble != link.trouble:
                log.warning("%s did not answer: %s", link.address, trouble)
                link.trouble = trouble
            await self._missed(link, link.seats.keys(), trouble)
            return False
        self.polled(True)
        link.trouble = ""
        await self._take_in(link, poll, reply)
        return True

    def _poll(self, link: _Link, names: Sequence[str]) -> Poll:
        cell = self._master.cell
        orders: list[MachineOrders] = []
        for name in names:
            machine, seat = cell.machines.get(name), link.seats.get(name)
            if machine is None or seat is None:
                continue
            if seat.held_orders != machine.orders_seq:
                orders.append(machine_orders(cell, name))
            else:
                known = seat.known_report if machine.state is MachineState.UP else ""
                orders.append(MachineOrders(name, machine.orders_seq, known_report=known))
        return Poll(cell.name, cell.epoch, cell.seq, tuple(orders), specs_of(cell, orders))

    async def _ask(self, address: str, poll: Poll) -> PollReply:
        async with self._http.post(
            f"{address}/v1/poll",
            data=msgspec.msgpack.encode(poll),
            headers=self._headers,
            timeout=self._timeout,
        ) as response:
            body = bytearray()
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > MAX_REPLY_BYTES:
                    raise aiohttp.ClientError("its answer is too large")
            if response.status == 409:
                self._consider_epoch(response.headers.get(EPOCH_HEADER, ""), poll.epoch)
            if response.status != 200:
                text = body[:200].decode(errors="replace")
                raise aiohttp.ClientError(f"status {response.status}: {text}")
            reply = _decoder.decode(body)
            if (reply.epoch, reply.seq) != (poll.epoch, poll.seq):
                raise aiohttp.ClientError("it answered another poll")
            return reply

    def _consider_epoch(self, sworn_to: str, ours: int) -> None:
        """A Borglet has sworn to a higher epoch: another leads, or this cell was restored from an older backup."""
        if sworn_to.isdecimal() and ours < int(sworn_to) < MAX_EPOCH:
            self.outranked(int(sworn_to))

    async def _take_in(self, link: _Link, poll: Poll, reply: PollReply) -> None:
        wanted = {orders.machine: orders for orders in poll.machines}
        differences: list[MachineDifference] = []
        taken: list[MachineReport] = []
        for report in reply.machines:
            if report.machine not in wanted:
                continue
            found = difference(self._master.cell, report)
            if found is not None:
                differences.append(found)
            taken.append(report)
            if report.usage:
                self.sampled(report.machine, report.usage)
        for part in _parts(differences):
            await self._commit(Observe(at=0, differences=part))
        now = self._clock.steady_seconds()
        for report in taken:
            seat = link.seats.get(report.machine)
            if seat is not None:
                seat.held_orders = report.orders_seq
                seat.known_report = report.version
                seat.answered_at, seat.missed = now, 0
                if report.tasks is not None:
                    seat.moving = any(told.status.phase in _MOVING for told in report.tasks)
        await self._missed(
            link,
            wanted.keys() - {report.machine for report in taken},
            f"{link.address} does not stand for it any more",
        )

    async def _missed(self, link: _Link, names: Iterable[str], trouble: str) -> None:
        """These machines did not answer this time; those that have been silent for long enough are lost."""
        now = self._clock.steady_seconds()
        machines = self._master.cell.machines
        lost: list[str] = []
        for name in sorted(names):
            seat = link.seats.get(name)
            if seat is None:
                continue
            seat.missed += 1
            if (
                seat.missed >= POLLS_MISSED
                and now - seat.answered_at >= self._pace.lost_after
                and name in machines
                and machines[name].state is not MachineState.LOST
            ):
                lost.append(name)
        for start in range(0, len(lost), MAX_MACHINES_PER_POLL):
            chunk = tuple(lost[start : start + MAX_MACHINES_PER_POLL])
            reason = f"several polls went unanswered ({trouble})"
            await self._commit(LoseMachines(at=0, machines=chunk, reason=reason))


def _parts(differences: Sequence[MachineDifference]) -> Iterator[tuple[MachineDifference, ...]]:
    """The differences in journal entries of a bearable size."""
    part: list[MachineDifference] = []
    changes = 0
    for found in differences:
        if part and changes + len(found.changes) > MAX_CHANGES:
            yield tuple(part)
            part, changes = [], 0
        part.append(found)
        changes += len(found.changes)
    if part:
        yield tuple(part)


def _ignore(*_news: object) -> None:
    """Usage samples and counts go nowhere until somebody wants them."""


def _what(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, msgspec.DecodeError):
        return f"its answer makes no sense: {error}"
    return str(error) or type(error).__name__
