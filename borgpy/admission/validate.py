"""What is wrong with a job description in itself, everything at once."""

import re
from collections.abc import Iterator

from borgpy.admission import limits
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.placeholders import port_names, unknown_placeholders
from borgpy.model.priority import MAX_PRIORITY, MIN_PRIORITY
from borgpy.model.refusal import Problem
from borgpy.model.resources import Resources, amount_text
from borgpy.model.spec import HealthCheck, JobSpec, TaskSpec

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def problems_of(spec: JobSpec) -> tuple[Problem, ...]:
    """Everything that is wrong with ``spec`` whatever the cell; empty when nothing is."""
    return (
        *_names(spec),
        *_numbers(spec),
        *_requirements(spec.task.requirements),
        *_package(spec.task),
        *_texts(spec.task),
        *_ports(spec.task),
        *(_health(spec.task.health, spec.task.ports) if spec.task.health else ()),
    )


def _between(
    field: str, value: int, lowest: int, highest: int, hint: str = ""
) -> Iterator[Problem]:
    if not lowest <= value <= highest:
        yield Problem(
            field,
            f"{field} is {value:,}, which is {'too small' if value < lowest else 'too large'}",
            hint=hint,
            got=str(value),
            allowed=f"{lowest:,} to {highest:,}",
        )


def _names(spec: JobSpec) -> Iterator[Problem]:
    for field, name in (("name", spec.name), ("user", spec.user), ("runtime.cell", spec.cell)):
        if not is_name(name):
            yield Problem(field, f"{name!r} is no {field}", got=name, allowed=NAME_RULE)


def _numbers(spec: JobSpec) -> Iterator[Problem]:
    yield from _between(
        "replicas", spec.replicas, 1, limits.MAX_REPLICAS, "to stop a job use borgcfg down"
    )
    yield from _between("priority", spec.priority, MIN_PRIORITY, MAX_PRIORITY)
    yield from _between("update.batch", spec.update.batch, 0, limits.MAX_REPLICAS)
    yield from _between("notice_ms", spec.task.notice_ms, 0, limits.MAX_NOTICE_MS)


def _requirements(asked: Resources) -> Iterator[Problem]:
    highest = {
        "cpu": limits.MAX_CPU_MILLIS,
        "ram": limits.MAX_RAM_BYTES,
        "disk": limits.MAX_DISK_BYTES,
        "ports": limits.MAX_PORTS,
    }
    for name, amount in asked.by_name().items():
        most = highest.get(name, 1 << 60)
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
    yield from _between(
        "requirements", len(asked.extra), 0, limits.MAX_EXTRA_RESOURCES, "fewer named resources"
    )


def _package(task: TaskSpec) -> Iterator[Problem]:
    if not task.package.name or "/" in task.package.name or task.package.name in (".", ".."):
        yield Problem("binary", f"{task.package.name!r} is no file name", got=task.package.name)
    yield from _between("binary.size", task.package.size, 0, limits.MAX_PACKAGE_BYTES)
    if not _DIGEST.match(task.package.digest):
        yield Problem(
            "binary",
            "the package's digest is no SHA-256 in lower-case hex",
            got=task.package.digest,
            allowed="64 hex digits",
        )


def _texts(task: TaskSpec) -> Iterator[Problem]:
    for field, texts in (("args", task.args), ("env", task.env)):
        yield from _between(field, len(texts), 0, limits.MAX_TEXTS)
        for name, value in texts.items():
            if (field == "env" and not _ENV_NAME.match(name)) or "\0" in name + value or not name:
                yield Problem(f"{field}.{name}", f"{name!r} cannot be passed to a program")
            for placeholder in unknown_placeholders(value):
                yield Problem(
                    f"{field}.{name}",
                    f"{placeholder} is no placeholder",
                    hint="%% is a literal percent sign",
                    got=placeholder,
                    allowed="%port% %port:NAME% %task% %job% %user% %cell% %replica% %host% %dir%",
                )
    size = sum(
        len(n.encode()) + len(v.encode()) for t in (task.args, task.env) for n, v in t.items()
    )
    if size > limits.MAX_TEXT_BYTES:
        yield Problem(
            "args",
            f"args and env together are {size:,} bytes",
            hint="put long texts into a file of the package",
            allowed=f"{limits.MAX_TEXT_BYTES:,} bytes",
        )


def _ports(task: TaskSpec) -> Iterator[Problem]:
    yield from _between("ports", len(task.ports), 0, limits.MAX_PORTS)
    if len(set(task.ports)) != len(task.ports):
        yield Problem("ports", "a port is named twice", got=", ".join(task.ports))
    for name in task.ports:
        if not is_name(name):
            yield Problem("ports", f"{name!r} is no port name", allowed=NAME_RULE)
    for name in port_names((*task.args.values(), *task.env.values())):
        if name not in task.ports:
            yield Problem(
                "ports", f"%port:{name}% is used, and {name!r} is not among the ports", got=name
            )


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
    yield from _between("health.grace_ms", health.grace_ms, 0, limits.MAX_HEALTH_MS)
    yield from _between(
        "health.interval_ms", health.interval_ms, limits.MIN_INTERVAL_MS, limits.MAX_HEALTH_MS
    )
    yield from _between("health.timeout_ms", health.timeout_ms, 1, limits.MAX_HEALTH_MS)
    yield from _between("health.failures_allowed", health.failures_allowed, 0, 1000)
