"""What is wrong with a job description in itself, everything at once."""

import re
from collections.abc import Iterator

from borgpy.admission.allocs import alloc_set_problems
from borgpy.admission.bounds import between, in_a_line
from borgpy.admission.numbered import numbered_problems
from borgpy.admission.placement import placement_problems
from borgpy.admission.texts import text_problems
from borgpy.model import limits
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.priority import MAX_PRIORITY, MIN_PRIORITY
from borgpy.model.refusal import Problem
from borgpy.model.resources import Resources, amount_text
from borgpy.model.spec import HealthCheck, JobSpec, Package, TaskSpec

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,62}\Z")
_LABEL_RULE = "1 to 63 letters, digits, '_', '.', '/' or '-', beginning with a letter or digit"


def problems_of(spec: JobSpec) -> tuple[Problem, ...]:
    """Everything that is wrong with ``spec`` whatever the cell; empty when nothing is."""
    return (
        *_names(spec),
        *_numbers(spec),
        *_requirements(spec.task.requirements),
        *numbered_problems(spec),
        *(alloc_set_problems(spec) if spec.is_alloc_set else _packages(spec.task)),
        *text_problems(spec),
        *(_health(spec.task.health, spec.task.ports) if spec.task.health else ()),
        *_labels(spec.labels),
        *placement_problems(spec),
    )


def _names(spec: JobSpec) -> Iterator[Problem]:
    for field, name in (("name", spec.name), ("user", spec.user), ("runtime.cell", spec.cell)):
        if not is_name(name):
            yield Problem(field, f"{name!r} is no {field}", got=name, allowed=NAME_RULE)
    if spec.quota_user and not is_name(spec.quota_user):
        yield Problem(
            "quota_user", f"{spec.quota_user!r} is no user", got=spec.quota_user, allowed=NAME_RULE
        )


def _numbers(spec: JobSpec) -> Iterator[Problem]:
    yield from between(
        "replicas", spec.replicas, 1, limits.MAX_REPLICAS, "to stop a job use borgcfg down"
    )
    yield from between("priority", spec.priority, MIN_PRIORITY, MAX_PRIORITY)
    yield from between("update.batch", spec.update.batch, 0, limits.MAX_REPLICAS)
    yield from between("notice_ms", spec.task.notice_ms, 0, limits.MAX_NOTICE_MS)
    yield from between("runtime_ms", spec.runtime_ms, 0, limits.MAX_RUNTIME_MS)


def _requirements(asked: Resources) -> Iterator[Problem]:
    highest = {
        "cpu": limits.MAX_CPU_MILLIS,
        "ram": limits.MAX_RAM_BYTES,
        "disk": limits.MAX_DISK_BYTES,
        "ports": limits.MAX_PORTS,
    }
    for name, amount in asked.by_name().items():
        most = highest.get(name, limits.MAX_EXTRA_AMOUNT)
        if not 0 <= amount <= most:
            yield Problem(
                f"requirements.{name}",
                f"{amount_text(name, amount)} of {name} is {'negative' if amount < 0 else 'absurd'}",
                got=str(amount),
                allowed=f"0 to {amount_text(name, most)}",
            )
    for name in asked.extra:
        if not is_name(name):
            yield Problem(f"requirements.{name}", f"{name!r} is no resource", allowed=NAME_RULE)
    yield from between(
        "requirements", len(asked.extra), 0, limits.MAX_EXTRA_RESOURCES, "fewer named resources"
    )


def _packages(task: TaskSpec) -> Iterator[Problem]:
    yield from _package("binary", task.package)
    yield from between("packages", len(task.packages), 0, limits.MAX_PACKAGES)
    for number, package in enumerate(task.packages):
        yield from _package(f"packages.{number}", package)
    names = [task.package.name, *(package.name for package in task.packages)]
    if len(set(names)) != len(names):
        yield Problem("packages", "two packages have the same file name", got=", ".join(names))


def _package(field: str, package: Package) -> Iterator[Problem]:
    if not package.name or "/" in package.name or package.name in (".", ".."):
        yield Problem(field, f"{package.name!r} is no file name", got=package.name)
    yield from between(f"{field}.size", package.size, 0, limits.MAX_PACKAGE_BYTES)
    if not _DIGEST.match(package.digest):
        yield Problem(
            field,
            "the package's digest is no SHA-256 in lower-case hex",
            got=package.digest,
            allowed="64 hex digits",
        )


def _labels(labels: dict[str, str]) -> Iterator[Problem]:
    yield from between("labels", len(labels), 0, limits.MAX_LABELS)
    for name, value in labels.items():
        if not _LABEL.match(name):
            yield Problem(f"labels.{name}", f"{name!r} is no label", allowed=_LABEL_RULE)
        yield from in_a_line(f"labels.{name}", value, "value of a label", 0)


def _health(health: HealthCheck, ports: tuple[str, ...]) -> Iterator[Problem]:
    if health.port not in ports:
        yield Problem(
            "health.port",
            f"the health check asks port {health.port!r}, which the job does not have",
            hint=f"name it with %port:{health.port}% in args or env",
            got=health.port,
            allowed=", ".join(ports) or "none",
        )
    if not health.path.startswith("/") or any(c.isspace() for c in health.path):
        yield Problem(
            "health.path", f"{health.path!r} is no path", got=health.path, allowed="/healthz"
        )
    yield from between("health.grace_ms", health.grace_ms, 0, limits.MAX_HEALTH_MS)
    yield from between(
        "health.interval_ms", health.interval_ms, limits.MIN_INTERVAL_MS, limits.MAX_HEALTH_MS
    )
    yield from between("health.timeout_ms", health.timeout_ms, 1, limits.MAX_HEALTH_MS)
    yield from between(
        "health.failures_allowed", health.failures_allowed, 0, limits.MAX_FAILURES_ALLOWED
    )
