"""Which machines a job may use whatever runs there: its constraints on attributes, dedicated machines, crashes."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from borgpy.model.constraints import (
    DEDICATED,
    HARD,
    Compare,
    Dedicated,
    Operator,
    admits,
    holds,
    words,
)
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Policy
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.snapshot import ABSENT, Codes, Floats, Mask, Rows, Snapshot

Static = Compare | Dedicated


class Eligibility(msgspec.Struct, frozen=True, eq=False):
    """Where tasks may be placed for as long as the machines are described as they are.

    ``allowed`` is bool[machines]. ``reasons`` say which machines (bool[machines]) each rule takes away, alone.
    ``wish`` is float64[machines], what a machine's score is worse by; None: all machines are alike. ``able`` is
    ``allowed`` but for machines that are unavailable; None: all are. Arrays are shared
    between jobs, and must not be written to.
    """

    allowed: Mask
    reasons: tuple[tuple[VetoKind, str, Mask], ...] = ()
    wish: Floats | None = None
    able: Mask | None = None


class Eligibilities:
    """The answers for one snapshot, each of which is found once, however many jobs have the same rules."""

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self._snapshot = snapshot
        self._policy = policy
        self._unavailable: Mask = ~snapshot.placeable
        self._pools: Codes = snapshot.attributes.column(DEDICATED)
        self._answers: dict[object, Eligibility] = {}
        self._tables: dict[Compare, Mask] = {}
        self._known: dict[object, Mask] = {}
        self._plain = self._answers[(), "", (), ()] = self._answer((), "", (), {})

    def of(self, job: PendingJob, avoid: tuple[str, ...]) -> Eligibility:
        """The answer for tasks of ``job`` that kept crashing on the machines ``avoid``."""
        if not (job.constraints or avoid or job.packages):
            return self._plain
        rules = tuple(rule for rule in job.constraints if isinstance(rule, Compare | Dedicated))
        # Whose job it is matters only to those who ask for a pool.
        user = job.user if any(isinstance(rule, Dedicated) for rule in rules) else ""
        packages = tuple(sorted(job.packages.items())) if self._policy.locality else ()
        key = (rules, user, avoid, packages)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._answer(rules, user, avoid, dict(packages))
        return known

    def _answer(
        self,
        rules: tuple[Static, ...],
        user: str,
        avoid: tuple[str, ...],
        packages: Mapping[str, int],
    ) -> Eligibility:
        reasons = [
            (VetoKind.ATTRIBUTE, words(rule), ~self._satisfied(rule))
            for rule in rules
            if isinstance(rule, Compare) and rule.weight == HARD
        ]
        admitted = self._admitted(rules, user)
        if admitted is not None:
            reasons.append((VetoKind.DEDICATED, _pool_words(rules), ~admitted))
        if avoid:
            reasons.append((VetoKind.CRASHED_HERE, "", self._avoided(avoid)))
        able: Mask | None = None
        for _, _, removed in reasons:
            able = ~removed if able is None else able & ~removed
        placeable = self._snapshot.placeable
        allowed = placeable if able is None else placeable & able
        told = [(VetoKind.UNAVAILABLE, "", self._unavailable), *reasons]
        return Eligibility(
            allowed,
            tuple(reason for reason in told if reason[2].any()),
            self._wish(rules, packages),
            able,
        )

    def _satisfied(self, rule: Compare) -> Mask:
        """bool[machines]."""
        key = rule if not rule.weight else msgspec.structs.replace(rule, weight=HARD)
        known = self._tables.get(key)
        if known is None:
            column = self._snapshot.attributes.column(rule.attribute)
            known = self._tables[key] = truths(rule, column.values)[column.codes]
        return known

    def _admitted(self, rules: tuple[Static, ...], user: str) -> Mask | None:
        """bool[machines]; None if this keeps the job off no machine."""
        pools = tuple(rule for rule in rules if isinstance(rule, Dedicated))
        if not self._pools.values and not any(rule.weight == HARD for rule in pools):
            return None
        key = (pools, user)
        if key not in self._known:
            values = (*self._pools.values, None)
            table = np.array([admits(pool, pools, user) for pool in values], np.bool_)
            self._known[key] = table[self._pools.codes]
        return self._known[key]

    def _avoided(self, avoid: tuple[str, ...]) -> Mask:
        snapshot = self._snapshot
        avoided = np.zeros(len(snapshot), np.bool_)
        if snapshot.hosts is snapshot.names or snapshot.hosts == snapshot.names:
            avoided[rows_of(snapshot.names, avoid)] = True
        else:  # an alloc is avoided with the machine that it is on
            names = frozenset(avoid)
            avoided[[row for row, host in enumerate(snapshot.hosts) if host in names]] = True
        return avoided

    def _wish(self, rules: tuple[Static, ...], packages: Mapping[str, int]) -> Floats | None:
        terms: list[Floats] = [
            np.where(self._missed(rule), rule.weight / 100 * self._policy.soft / 1000, 0.0)
            for rule in rules
            if rule.weight
        ]
        total = sum(max(0, size) for size in packages.values())
        if total:
            scale = self._policy.locality / 1000 / total
            terms.append(_missing_bytes(self._snapshot, packages) * scale)
        return sum_of(terms)

    def _missed(self, rule: Static) -> Mask:
        if isinstance(rule, Compare):
            return ~self._satisfied(rule)
        values = self._pools.values
        pool = values.index(rule.pool) if rule.pool in values else len(values)
        missed: Mask = self._pools.codes != pool
        return missed


def sum_of(terms: Sequence[Floats]) -> Floats | None:
    """float64[machines], from left to right; None if there are no terms."""
    if not terms:
        return None
    total = terms[0].copy()
    for term in terms[1:]:
        total += term
    return total


def truths(rule: Compare, values: tuple[str, ...]) -> Mask:
    """bool[values + 1]: `holds` for each value, which are in their order as texts, and at last for no value at all.

    Indexed with codes, of which `ABSENT` is the last, it tells for each machine.
    """
    truth = np.zeros(len(values) + 1, np.bool_)
    if (
        rule.operator in _SAME_TEXT
    ):  # thousands of jobs may each name their own among thousands of machines
        truth[rows_of(values, rule.values)] = True
        return truth
    if rule.operator in _OTHER_TEXT:
        truth[rows_of(values, rule.values)] = True
        return ~truth
    truth[:] = [holds(rule, value) for value in (*values, None)]
    return truth


def rows_of(names: tuple[str, ...], wanted: Iterable[str]) -> Rows:
    """The rows of these, in order; ``names`` are sorted, and names that are not among them are left out."""
    places = [(bisect_left(names, name), name) for name in sorted(set(wanted))]
    known = [row for row, name in places if row < len(names) and names[row] == name]
    return np.array(known, np.intp)


def _missing_bytes(snapshot: Snapshot, packages: Mapping[str, int]) -> Floats:
    """float64[machines]: bytes of the packages that are not there as yet."""
    missing = np.full(len(snapshot), float(sum(max(0, size) for size in packages.values())))
    for digest, size in packages.items():
        missing[snapshot.tenants.packages.get(digest, _NOWHERE)] -= max(0, size)
    return missing


def _pool_words(rules: tuple[Static, ...]) -> str:
    """What the job asks for; nothing if it is only that machines are set aside for others."""
    pools = (rule for rule in rules if isinstance(rule, Dedicated) and rule.weight == HARD)
    return " and ".join(words(rule) for rule in pools)


_SAME_TEXT = frozenset([Operator.EQUAL, Operator.IN])
_OTHER_TEXT = frozenset([Operator.NOT_EQUAL, Operator.NOT_IN])
_NOWHERE: Rows = np.zeros(0, np.intp)

assert ABSENT == -1
