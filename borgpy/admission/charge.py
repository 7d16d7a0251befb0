"""What counts against quota: the limits that jobs request, by user and band (Borg §2.5; limits, not usage: §5.5)."""

from borgpy.model.cell import CellView
from borgpy.model.names import JobKey, split_job
from borgpy.model.priority import Band, band_of
from borgpy.model.resources import NOTHING, Resources, total
from borgpy.model.spec import JobSpec


def charge_of(spec: JobSpec) -> Resources:
    """What a job counts for: every replica at its full request. In an alloc set it is that which counts."""
    if spec.alloc:
        return NOTHING
    return spec.task.request() * spec.replicas


def charged(cell: CellView, user: str, band: Band, *, without: JobKey | None = None) -> Resources:
    """What all jobs of ``user`` in ``band`` count for together, leaving out the job ``without``."""
    return total(
        charge_of(job.spec)
        for key, job in cell.jobs.items()
        if key != without
        and not job.stopped
        and split_job(key)[0] == user
        and band_of(job.spec.priority) is band
    )
