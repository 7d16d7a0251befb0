"""Two plug-ins: where a job's licence is valid, and which machines keep some memory free."""

import numpy as np
from numpy.typing import NDArray

from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.plugins import Machines

SPARE = 0.1


def licensed(machines: Machines, job: PendingJob) -> NDArray[np.bool_]:
    """Only machines whose attribute ``licences`` (``ansys,matlab``) lists the product that the job is called after."""
    product = job.job.partition("/")[2].partition("_")[0]
    listed = machines.attribute("licences")
    valid = {text: product in text.split(",") for text in set(listed.tolist())}
    return np.array([valid[text] for text in listed.tolist()], np.bool_)


def roomy(machines: Machines, job: PendingJob) -> NDArray[np.float64]:
    """1 where a tenth of the memory or more stays free beside the task, and less the less there is."""
    left = (machines.free["ram"] - job.request.ram) / np.maximum(machines.capacity["ram"], 1)
    return np.clip(left / SPARE, 0.0, 1.0)
