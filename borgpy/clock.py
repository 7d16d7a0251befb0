"""Time and chance: the only place that reads the machine's clock or its entropy."""

import random
import secrets
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a shell needs of time: the wall clock for records, a steady one for waiting."""

    def now(self) -> int:
        """Milliseconds since 1970 in UTC."""
        ...

    def steady_seconds(self) -> float:
        """Seconds from an arbitrary start, never stepping back."""
        ...

    def steady_ns(self) -> int:
        """The same in nanoseconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def steady_seconds(self) -> float:
        return time.monotonic()

    def steady_ns(self) -> int:
        return time.monotonic_ns()


class ManualClock:
    """A clock that stands still until it is moved: simulations and tests."""

    def __init__(self, at: int = 0) -> None:
        self._at = at

    def now(self) -> int:
        return self._at

    def steady_seconds(self) -> float:
        return self._at / 1000

    def steady_ns(self) -> int:
        return self._at * 1_000_000

    def advance(self, milliseconds: int) -> int:
        self._at += milliseconds
        return self._at


def new_id() -> str:
    """A fresh identity, 128 bits in hex: request ids, boot-strap secrets."""
    return secrets.token_hex(16)


def new_seed() -> int:
    """A fresh 63-bit seed; it travels with the operation that uses it."""
    return secrets.randbits(63)


def seeded(seed: int) -> random.Random:
    """A generator of chance which gives the same for the same seed."""
    return random.Random(seed)


def rfc3339(at: int) -> str:
    """``at`` in milliseconds as RFC 3339 in UTC, e.g. ``2026-11-21T20:28:25.123Z``."""
    moment = datetime.fromtimestamp(at / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"
