"""When a checkpoint is due, and asking another process to take it."""

import asyncio
import sys

from borgpy.errors import StoreUnavailable
from borgpy.model.cell import CellView
from borgpy.server.historian import Historian
from borgpy.server.settings import Settings


class CheckpointTaker:
    """Has checkpoints taken, one at a time. ``taken`` is the sequence of the newest."""

    def __init__(
        self, settings: Settings, cell: CellView, historian: Historian, taken: int
    ) -> None:
        self._settings = settings
        self._cell = cell
        self._historian = historian
        self._taken = taken
        self._one_at_a_time = asyncio.Lock()

    def is_due(self) -> bool:
        """Whether so many operations have come since the last one that a restart would take long."""
        return self._cell.seq - self._taken >= self._settings.checkpoint_every

    async def take(self) -> int:
        """A checkpoint of everything up to now, folded by another process; its sequence.

        It waits for the history, beyond which no checkpoint may go: a restart completes the history from what it folds.
        """
        async with self._one_at_a_time:
            upto = self._cell.seq
            if upto != self._taken:
                await self._historian.catch_up(upto)
                self._taken = await self._fold_elsewhere(upto)
            return self._taken

    async def _fold_elsewhere(self, upto: int) -> int:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "borgpy.server.checkpointer"),
            *("--store", self._settings.store_url, "--cell", self._settings.cell),
            *("--upto", str(upto)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        if process.returncode != 0:
            words = complaint.decode(errors="replace").strip()[-500:]
            raise StoreUnavailable(f"no checkpoint could be taken: {words}")
        return int(said)
