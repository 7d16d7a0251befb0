"""What an evaluation has spent: steps and depth, against the limits it was given."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.values import Wrong

_BETWEEN_ALARMS = 2_000
"""Steps between two looks at the clock: a few milliseconds."""

MOST_DEPTH = 10_000
"""What a C stack of 8 MiB bears, whatever the limit: built-in functions that evaluate fields take a part of it."""

_FRAMES_PER_DEPTH = 40
"""Python calls that one field or call waits for, at most, in anything but a hostile text."""


class Exhausted(Wrong):
    """No more steps, or no more time: nothing can be evaluated any further."""


class Meter:
    """Counts the work. Whoever evaluates adds to ``steps`` and ``depth`` directly, where a call would cost too much."""

    __slots__ = (
        "_alarm",
        "_next_alarm",
        "depth",
        "exhausted",
        "limits",
        "max_depth",
        "steps",
        "stop",
    )

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, alarm: Callable[[], bool] | None = None
    ) -> None:
        self.limits = limits
        self.steps = 0
        self.depth = 0
        self.max_depth = min(limits.depth, MOST_DEPTH)
        self.exhausted: Exhausted | None = None
        self._alarm = alarm
        self._next_alarm = _BETWEEN_ALARMS
        self.stop = limits.steps if alarm is None else min(limits.steps, _BETWEEN_ALARMS)

    def spend(self, steps: int) -> None:
        """Pays for work about to be done; `Wrong` of class ``limit`` when it is too much."""
        self.steps += steps
        if self.steps > self.stop:
            self.overdrawn()

    def overdrawn(self) -> None:
        """To be called when ``steps`` exceeds ``stop``: raises, unless it was only time to look at the clock."""
        if self.exhausted is not None:
            raise self.exhausted
        if self.steps > self.limits.steps:
            message = f"this takes more than {self.limits.steps:,} steps"
            self.exhausted = Exhausted("limit", message, help=raised_by("steps"))
            raise self.exhausted
        if self._alarm is not None and self._alarm():
            message = f"this takes longer than {self.limits.seconds:g} seconds"
            self.exhausted = Exhausted("limit", message, help=raised_by("seconds"))
            raise self.exhausted
        self._next_alarm = self.steps + _BETWEEN_ALARMS
        self.stop = min(self.limits.steps, self._next_alarm)

    def too_deep(self) -> Wrong:
        """What to raise when ``depth`` exceeds its limit."""
        message = f"more than {self.max_depth:,} fields and calls wait for each other here"
        return Wrong("limit", message, help="does this ever end? " + raised_by("depth"))


_lock = threading.Lock()
_evaluating = 0
_usual = 0


@contextmanager
def deep_stack(limits: Limits) -> Iterator[None]:
    """Lets Python calls nest as deeply as ``limits.depth`` may need.

    Evaluation is Python calling Python, which costs memory but no C stack, so that the interpreter's own limit is far
    too careful here. Evaluations on several threads share the raised limit; the last one restores it.
    """
    global _evaluating, _usual
    with _lock:
        if _evaluating == 0:
            _usual = sys.getrecursionlimit()
        _evaluating += 1
        wanted = _usual + min(limits.depth, MOST_DEPTH) * _FRAMES_PER_DEPTH
        sys.setrecursionlimit(max(sys.getrecursionlimit(), wanted))
    try:
        yield
    finally:
        with _lock:
            _evaluating -= 1
            if _evaluating == 0:
                sys.setrecursionlimit(_usual)


@contextmanager
def uncollected(limits: Limits) -> Iterator[None]:
    """Keeps the garbage collector from running, which would take half of the time.

    Records and frames refer to each other, so that only it could free them; but the steps allowed bound what there can
    be, and nearly all of it is wanted until the end. With more steps than usual it does run.
    """
    if limits.steps > DEFAULT_LIMITS.steps or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
