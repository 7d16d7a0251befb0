"""Where a job's tasks may go as things stand: how many of them are where, who else is there, what is taken.

Each rule is a small function on ``codes`` int64[machines], the values of an attribute (`Codes`), and on an array with
an entry for each value, and at last one for machines without the attribute: `ABSENT` indexes just that.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from borgpy.model.constraints import (
    Away,
    Constraint,
    Exclusive,
    Limit,
    Near,
    Share,
    Spread,
    quoted,
    words,
)
from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.model.names import JobKey, key_of, split_job
from borgpy.model.plan import VetoKind
from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.facts import PendingJob, Shun
from borgpy.scheduling.snapshot import Codes, Crowd, Floats, Ints, Mask, Snapshot
from borgpy.scheduling.standing import Standing

Shuns = Mapping[JobKey, Sequence[Shun]]
"""For each job, those whose tasks want none of it near them."""

Ruling = tuple[VetoKind, str, Mask]
"""A reason, what was asked for, and bool[machines]: where it does not stand against a task."""

EVERY = slice(None)


def counts_of(column: Codes, crowd: Crowd) -> Ints:
    """int64[values + 1]: how many of the tasks are on machines with each value, and at last on those without any."""
    places = len(column.values) + 1
    # A remainder makes the last place of -1; sums of task counts are exact as floats.
    counts = np.bincount(column.codes[crowd.rows] % places, weights=crowd.counts, minlength=places)
    return counts.astype(np.int64)


def present_in(column: Codes, allowed: Mask) -> Mask:
    """bool[values + 1]: the values that allowed machines have."""
    present = np.zeros(len(column.values) + 1, np.bool_)
    present[column.codes[allowed]] = True
    present[-1] = False
    return present


def shares_of(values: Sequence[str], shares: Sequence[Share], present: Mask) -> Floats:
    """float64[like present]: the share of a job's tasks, of 1, that belongs on machines with each value.

    Without ``shares`` the values that are present get the same; else what the named ones leave is divided like that
    among the others. A machine without the attribute has no share.
    """
    found = np.zeros(len(present))
    others = present.copy()
    number = {value: code for code, value in enumerate(values)} if shares else {}
    left = 100
    for share in shares:
        left -= share.percent
        if share.value in number:
            found[number[share.value]] = share.percent / 100
            others[number[share.value]] = False
    found[others] = max(0, left) / 100 / max(1, int(np.count_nonzero(others)))
    return found


def below_limit(codes: Ints, counts: Ints, most: int) -> Mask:
    """Limit: fewer than ``most`` tasks of the job are there. A machine without the attribute has no limit."""
    below = counts < most
    below[-1] = True
    return below[codes]


def balanced(codes: Ints, counts: Ints, shares: Floats, present: Mask) -> Mask:
    """Spread: where the job has fewest tasks for the share, among values that are present and have a share.

    If the shares are equal then no two of these values ever differ by more than one task.
    """
    return lowest(counts, shares, present)[codes]


def lowest(counts: Ints, shares: Floats, present: Mask) -> Mask:
    """bool[values + 1]: `balanced` for each value."""
    candidates = present & (shares > 0)
    filled = np.full(len(counts), np.inf)
    np.divide(counts, shares, out=filled, where=candidates)
    # Divisions of equal ratios may differ in their last digit.
    least = filled.min(initial=np.inf) * (1 + 1e-9)
    found: Mask = candidates & (filled <= least)
    return found


def beside(codes: Ints, counts: Ints) -> Mask:
    """Near: the other job has a task there; never on a machine without the attribute."""
    there = counts > 0
    there[-1] = False
    return there[codes]


def apart(codes: Ints, counts: Ints) -> Mask:
    """Away: the other job has no task there; a machine without the attribute is apart from all."""
    return ~beside(codes, counts)


def shuns_of(snapshot: Snapshot) -> Shuns:
    """Who keeps whom off: tasks that run, and the pending ones once they are placed. Only hard rules do."""
    shuns: defaultdict[JobKey, dict[Shun, None]] = defaultdict(dict)
    pending = (
        Shun(job.job, rule)
        for job in snapshot.pending
        for rule in job.constraints
        if isinstance(rule, Away)
    )
    for shun in (*snapshot.tenants.shuns, *pending):
        if not shun.away.weight:
            shuns[key_of(split_job(shun.holder)[0], shun.away.job)][shun] = None
    return {job: tuple(found) for job, found in shuns.items()}


def neighbours(standing: Standing, job: PendingJob, allowed: Mask, shuns: Shuns) -> list[Ruling]:
    """What the tasks that are placed mean for one more of ``job``: hard rules, and things that are held by number.

    ``allowed`` bool[machines] are those that the job may use whoever is there. No rule of the kind: an empty list.
    """
    rulings = [
        found
        for rule in job.constraints
        if not rule.weight and (found := ruling(standing, job, rule, allowed)) is not None
    ]
    rulings += [
        shunned(standing, shun) for shun in shuns.get(job.job, ()) if not is_said_by(job, shun)
    ]
    if standing.exclusive.any():
        rulings.append((VetoKind.EXCLUSIVE, "", standing.exclusive == 0))
    rulings += [(VetoKind.PORT, port_words(port), ~standing.has_port(port)) for port in job.ports]
    rulings += [
        (
            VetoKind.DEVICES,
            device_words(request),
            standing.devices(request.kind).fits(request, EVERY),
        )
        for request in job.devices
    ]
    rulings += [_set_ruling(standing, request) for request in standing.sets_for(job).values()]
    return rulings


def device_words(request: DeviceRequest) -> str:
    """``2 gpu (a100 or h100)``, ``0.5 gpu``."""
    amount = f"{request.count}" if request.millis == WHOLE else f"{request.amount() / WHOLE:g}"
    models = f" ({' or '.join(request.models)})" if request.models else ""
    return f"{amount} {request.kind}{models}"


def set_words(request: SetRequest) -> str:
    """``eni for 'sg1'``."""
    return (
        f"{request.name} for {quoted(request.value)}" if request.value else f"shared {request.name}"
    )


def port_words(port: int) -> str:
    return f"port {port}"


def is_said_by(job: PendingJob, shun: Shun) -> bool:
    """Whether the job itself says as a rule of its own what its tasks are known to want."""
    return shun.holder == job.job and shun.away in job.constraints


def is_own(job: PendingJob, rule: Near | Away) -> bool:
    """Whether a rule about another job is about the job itself."""
    return other_of(job, rule) == job.job


def other_of(job: PendingJob, rule: Near | Away) -> JobKey:
    return key_of(split_job(job.job)[0], rule.job)


def _column(standing: Standing, attribute: str) -> Codes:
    return standing.snapshot.attributes.column(attribute)


def _crowd_near(standing: Standing, job: PendingJob, rule: Near | Away) -> Crowd:
    return standing.crowd(other_of(job, rule))


def ruling(standing: Standing, job: PendingJob, rule: Constraint, allowed: Mask) -> Ruling | None:
    """What one hard rule means as things stand; None if it is no rule of the kind, or bars nothing."""
    match rule:
        case Limit():
            column = _column(standing, rule.attribute)
            counts = counts_of(column, standing.crowd(job.job))
            return VetoKind.LIMIT, words(rule), below_limit(column.codes, counts, rule.most)
        case Spread():
            column = _column(standing, rule.attribute)
            counts = counts_of(column, standing.crowd(job.job))
            present = present_in(column, allowed)
            shares = shares_of(column.values, rule.shares, present)
            return VetoKind.SPREAD, words(rule), balanced(column.codes, counts, shares, present)
        case Exclusive():
            return VetoKind.EXCLUSIVE, words(rule), standing.tasks == 0
        case Near():
            crowd = _crowd_near(standing, job, rule)
            if not crowd.rows.size and is_own(job, rule):
                return None  # the first of tasks that want to be together may go anywhere
            column = _column(standing, rule.attribute)
            return VetoKind.NEAR, words(rule), beside(column.codes, counts_of(column, crowd))
        case Away():
            column = _column(standing, rule.attribute)
            counts = counts_of(column, _crowd_near(standing, job, rule))
            return VetoKind.AWAY, words(rule), apart(column.codes, counts)
    return None


def miss(standing: Standing, job: PendingJob, rule: Near | Away | Exclusive) -> Floats | None:
    """float64[machines]: 1 where a wish about others is not met, else 0; None: as good as met everywhere.

    What wishes about the job's own tasks come to is a matter of levels, see `tying`.
    """
    if isinstance(rule, Exclusive):
        return (standing.tasks > 0).astype(np.float64)
    crowd = _crowd_near(standing, job, rule)
    if isinstance(rule, Near) and not crowd.rows.size and is_own(job, rule):
        return None
    column = _column(standing, rule.attribute)
    there = beside(column.codes, counts_of(column, crowd))
    return (there if isinstance(rule, Away) else ~there).astype(np.float64)


def shunned(standing: Standing, shun: Shun) -> Ruling:
    column = _column(standing, shun.away.attribute)
    counts = counts_of(column, standing.crowd(shun.holder))
    detail = f"the wish of {shun.holder} to be apart (same {shun.away.attribute})"
    return VetoKind.AWAY, detail, apart(column.codes, counts)


def _set_ruling(standing: Standing, request: SetRequest) -> Ruling:
    sets = standing.sets.get(request.name)
    fits = np.zeros(len(standing), np.bool_) if sets is None else sets.fits(request, EVERY)
    return VetoKind.SETS, set_words(request), fits
