"""When a task that ended is started again, and when its machine gives up on it."""

from borgpy.model.spec import SECOND_MS, Restart

BACK_OFF_FIRST_MS = 1 * SECOND_MS
BACK_OFF_MOST_MS = 300 * SECOND_MS

QUICK_MS = 300 * SECOND_MS
"""A run that ends sooner counts as flapping, as in Aurora; one that lasts longer clears the record."""

QUICK_FAILURES_ALLOWED = 5
"""After so many quick ends in a row the machine gives up, and the Borgmaster may try another one."""


def back_off_ms(failures: int) -> int:
    """The delay after the ``failures``-th failure in a row: 1 s, 2 s, 4 s … 5 min."""
    doublings = min(max(failures - 1, 0), 20)
    return min(BACK_OFF_FIRST_MS << doublings, BACK_OFF_MOST_MS)


def quick_failures(so_far: int, ran_ms: int) -> int:
    """How many quick ends in a row there are after a run that lasted ``ran_ms``."""
    return so_far + 1 if ran_ms < QUICK_MS else 0


def restarts(policy: Restart, exit_code: int | None) -> bool:
    """Whether a task that ended like this is to run again."""
    if policy is Restart.ALWAYS:
        return True
    return policy is Restart.ON_FAILURE and exit_code != 0


def exit_words(exit_code: int | None) -> str:
    """An exit code as people say it: ``exit status 3``, ``killed by signal 9``."""
    if exit_code is None:
        return "ended, and nobody saw how"
    if exit_code < 0:
        return f"killed by signal {-exit_code}"
    return f"exit status {exit_code}"
