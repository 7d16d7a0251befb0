"""A signal for those who wait for the cell to change."""

import asyncio


class Signal:
    """Wakes everybody who waits, each time something happens; nothing is remembered in between."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Wake all who wait now."""
        happened, self._next = self._next, asyncio.Event()
        happened.set()

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait for the next `notify`; False if ``timeout`` seconds passed first."""
        try:
            async with asyncio.timeout(timeout):
                await self._next.wait()
        except TimeoutError:
            return False
        return True
