"""The decision to let a job in."""

from borgpy.admission.allocs import alloc_refusal
from borgpy.admission.charge import charge_of, charged
from borgpy.admission.unsupported import unsupported
from borgpy.admission.validate import problems_of
from borgpy.model.cell import CellView
from borgpy.model.names import job_key
from borgpy.model.priority import band_of
from borgpy.model.quota import UNLIMITED_BAND
from borgpy.model.refusal import Problem, Refusal, RefusalCode
from borgpy.model.resources import NOTHING, amount_text
from borgpy.model.spec import JobSpec


def admit(cell: CellView, spec: JobSpec) -> Refusal | None:
    """Why the cell does not take this job, or nothing when it does.

    Everything wrong with the description is named at once. Quota is looked at only when the description is sound,
    for the amounts would mean nothing otherwise.
    """
    problems = (*problems_of(spec), *unsupported(spec))
    if problems:
        return Refusal(
            RefusalCode.INVALID, f"{_noun(spec)} {spec.name} cannot be accepted", problems
        )
    if spec.cell != cell.name:
        problem = Problem(
            "runtime.cell",
            f"this is cell {cell.name!r}; the job asks for cell {spec.cell!r}",
            hint=f"write runtime = {{ cell = {cell.name} }}, or choose another cell with --cell",
            got=spec.cell,
            allowed=cell.name,
        )
        return Refusal(RefusalCode.NOT_FOUND, f"unknown cell {spec.cell!r}", (problem,))
    return alloc_refusal(cell, spec) or _within_quota(cell, spec)


def _within_quota(cell: CellView, spec: JobSpec) -> Refusal | None:
    band = band_of(spec.priority)
    if band is UNLIMITED_BAND:
        return None
    quota = cell.quotas.get((spec.user, band))
    limit = quota.limit if quota else NOTHING
    others = charged(cell, spec.user, band, without=job_key(spec.user, spec.name))
    asked = charge_of(spec)
    short = (asked + others).short_of(limit)
    # A running job may always be made smaller, even where a quota was cut below what runs.
    present = cell.jobs.get(spec.key)
    if present is not None and not present.stopped and band_of(present.spec.priority) is band:
        grown = asked.short_of(charge_of(present.spec))
        short = {name: amount for name, amount in short.items() if name in grown}
    if not short:
        return None
    amounts, held = asked.by_name(), others.by_name()
    problems = tuple(
        Problem(
            f"requirements.{name}",
            f"{name} exceeds the quota by {amount_text(name, missing)}",
            hint=_hint(spec, name, missing),
            got=f"{amount_text(name, amounts[name])} asked,"
            f" {amount_text(name, held.get(name, 0))} in use by other jobs",
            allowed=amount_text(name, limit.by_name().get(name, 0)),
        )
        for name, missing in short.items()
    )
    return Refusal(
        RefusalCode.QUOTA,
        f"{spec.user} has not enough quota in the {band.value} band for {_noun(spec)} {spec.name}",
        problems,
    )


def _noun(spec: JobSpec) -> str:
    return "alloc set" if spec.is_alloc_set else "job"


def _hint(spec: JobSpec, name: str, missing: int) -> str:
    one = spec.task.request().by_name()[name]
    fewer = -(-missing // one) if one else 0
    less = f"ask for {fewer:,} fewer replicas, " if 0 < fewer < spec.replicas else ""
    return f"{less}use a free-band priority (0 to 99), or have an administrator raise the quota"
