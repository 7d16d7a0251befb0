"""How full a machine is, as one integer: the score that best fit and worst fit go by."""

import numpy as np

from borgpy.scheduling.snapshot import Ints

_SCALE = 2**62


def weights(capacity: Ints) -> Ints:
    """int64[dimensions]: what one unit of each is worth, from int64[machines, dimensions].

    The largest machine's amount is worth the same in every dimension that the cell has any of, and all of them
    together at most 2**62. Being integers they make the score exact: it is linear, so that placing a task lowers it by
    the same on every machine, undoing that restores it, and it is the same on every processor.
    """
    if not len(capacity):
        return np.zeros(capacity.shape[1], np.int64)
    largest = capacity.max(axis=0)
    share = _SCALE // max(1, int(np.count_nonzero(largest)))
    return np.where(largest > 0, share // np.maximum(largest, 1), 0)


def leftover(free: Ints, worth: Ints) -> Ints:
    """int64[machines]: what is free on each machine, all dimensions together. Best fit takes the least.

    Of what a machine is over-committed in, nothing is left.
    """
    return np.maximum(free, 0) @ worth
