"""The historian: writes every event to the history, in order, behind the commit's back.

History follows from the journal. It may lag, and after a crash it is completed by the fold; hence a checkpoint never
goes beyond what is in it.
"""

import asyncio
import logging
from collections.abc import Sequence

from borgpy.errors import StoreUnavailable
from borgpy.model.events import Record
from borgpy.server.notice import Signal
from borgpy.store.faces import History, UsageSample

log = logging.getLogger(__name__)

MAX_ROWS = 5000
"""Rows in one transaction, give or take a sequence; more would make the journal's writer wait."""

RETRY_SECONDS = 1.0

KEPT_MS = 30 * 24 * 3600 * 1000
USAGE_KEPT_MS = 7 * 24 * 3600 * 1000
"""How long events and usage samples stay queryable."""

PRUNE_EVERY_SECONDS = 3600.0


class Historian:
    """Takes records as they happen; `flushed` is the sequence up to which everything is in the store."""

    def __init__(self, history: History, flushed: int) -> None:
        self._history = history
        self._records: list[Record] = []
        self._usage: list[UsageSample] = []
        self._arrived = asyncio.Event()
        self._seen = flushed
        self.flushed = flushed
        self.progress = Signal()

    def add(self, seq: int, records: Sequence[Record]) -> None:
        """Everything that the entry ``seq`` caused, perhaps nothing."""
        self._records.extend(records)
        self._seen = seq
        self._arrived.set()

    def add_usage(self, samples: Sequence[UsageSample]) -> None:
        """Samples to keep; they are dropped rather than piled up while the store takes none."""
        if len(self._usage) < 20 * MAX_ROWS:
            self._usage.extend(samples)
            self._arrived.set()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._records or self._usage or self.flushed < self._seen:
                await self._write_some()

    async def _write_some(self) -> None:
        seen = self._seen
        rows = self._records[: self._whole_sequences()]
        usage, self._usage = self._usage[:MAX_ROWS], self._usage[MAX_ROWS:]
        try:
            if rows:
                await asyncio.to_thread(self._history.append, rows)
            if usage:
                await asyncio.to_thread(self._history.append_usage, usage)
        except StoreUnavailable as error:
            log.warning("history waits: %s", error.message)
            await asyncio.sleep(RETRY_SECONDS)
            return
        del self._records[: len(rows)]
        self.flushed = self._records[0].seq - 1 if self._records else seen
        self.progress.notify()

    def _whole_sequences(self) -> int:
        """How many records to write: about `MAX_ROWS`, and never a part of a sequence.

        A reader resumes behind the last sequence it saw, and a restart behind the last one in the store; both would miss
        the rest of one that was torn.
        """
        records = self._records
        count = min(MAX_ROWS, len(records))
        while 0 < count < len(records) and records[count].seq == records[count - 1].seq:
            count += 1
        return count

    async def catch_up(self, seq: int) -> None:
        """Wait until everything up to ``seq`` is in the store."""
        while self.flushed < seq:
            await self.progress.wait(RETRY_SECONDS)

    async def prune(self, now: int) -> None:
        """Forget what is past its time."""
        await asyncio.to_thread(self._history.prune, now - KEPT_MS)
        await asyncio.to_thread(self._history.prune_usage, now - USAGE_KEPT_MS)
