"""From checked BCL to job declarations: everything of a job but the package that its binary becomes."""

import msgspec

from borgpy.bcl.diagnostics import Findings, Source, Span
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.schema import CheckedJob
from borgpy.model.placeholders import port_names
from borgpy.model.priority import BAND_RANGES, DEFAULT_PRIORITY, Band
from borgpy.model.resources import Resources
from borgpy.model.spec import HealthCheck, JobSpec, Package, Restart, TaskSpec, UpdatePolicy

DEFAULT_REQUIREMENTS = Resources(cpu=100, ram=64 << 20, disk=64 << 20)
"""What a task gets that does not say: a tenth of a core, 64 MiB of memory, 64 MiB of disk. Enough for a small server,
little enough that a forgotten line does not fill a machine."""


class JobDeclaration(msgspec.Struct, frozen=True):
    """A job as a file declares it. ``binary`` is still a path, relative to the directory of ``binary_span.file``.

    ``user`` is empty unless the file names one. ``where`` tells for each field of the file, by its dotted name
    (``requirements.ram``), where its value is written, so that a later refusal can point at the line.
    """

    name: str
    cell: str
    binary: str
    binary_span: Span
    args: dict[str, str]
    env: dict[str, str]
    requirements: Resources
    ports: tuple[str, ...]
    health: HealthCheck | None
    restart: Restart
    notice_ms: int
    replicas: int
    priority: int
    update: UpdatePolicy
    user: str
    where: dict[str, Span]

    def spec(self, package: Package, user: str) -> JobSpec:
        """The job to submit, with the package that holds its binary, for the file's user or else ``user``."""
        task = TaskSpec(
            package=package,
            args=self.args,
            env=self.env,
            requirements=self.requirements,
            ports=self.ports,
            health=self.health,
            restart=self.restart,
            notice_ms=self.notice_ms,
        )
        return JobSpec(
            name=self.name,
            user=self.user or user,
            cell=self.cell,
            task=task,
            replicas=self.replicas,
            priority=self.priority,
            update=self.update,
        )


def job_declarations(source: str, filename: str) -> tuple[JobDeclaration, ...]:
    """The jobs that a file declares, in its order; `BclError` with everything that is wrong with it."""
    text = Source(filename, source)
    findings = Findings(text)
    jobs = evaluate(text).jobs
    declared = tuple(_Job(name, job, findings).declaration() for name, job in jobs.items())
    findings.raise_if_any()
    return declared


_DEFAULT_TASK = TaskSpec(Package("", "", 0))
_DEFAULT_HEALTH = HealthCheck()


# The schema has checked the shape of what follows, so that it can be decoded into types.


class _Runtime(msgspec.Struct, frozen=True):
    cell: str


class _Requirements(msgspec.Struct, frozen=True):
    cpu: int | float | None = None
    ram: int = DEFAULT_REQUIREMENTS.ram
    disk: int = DEFAULT_REQUIREMENTS.disk


class _Health(msgspec.Struct, frozen=True):
    port: str = _DEFAULT_HEALTH.port
    path: str = _DEFAULT_HEALTH.path
    grace: int | float | None = None
    interval: int | float | None = None
    timeout: int | float | None = None
    failures_allowed: int = _DEFAULT_HEALTH.failures_allowed


class _Plain(msgspec.Struct, frozen=True):
    """The plain data of a job."""

    runtime: _Runtime
    binary: str
    args: dict[str, str | bool | int | float] = {}
    env: dict[str, str | bool | int | float] = {}
    requirements: _Requirements = _Requirements()
    replicas: int = 1
    priority: int | Band = DEFAULT_PRIORITY
    user: str = ""
    health: _Health | None = None
    restart: Restart = _DEFAULT_TASK.restart
    notice: int | float | None = None
    update: UpdatePolicy = UpdatePolicy()


class _Job:
    """One job on its way from plain data, with what has to be exact or to agree checked."""

    def __init__(self, name: str, checked: CheckedJob, findings: Findings) -> None:
        self._name = name
        self._plain = msgspec.convert(checked.value, _Plain)
        self._where = checked.where
        self._findings = findings

    def declaration(self) -> JobDeclaration:
        plain = self._plain
        args = {name: _text(value) for name, value in plain.args.items()}
        env = {name: _text(value) for name, value in plain.env.items()}
        ports = port_names((*args.values(), *env.values()))
        where = {path: self._findings.source.span(*spot) for path, spot in self._where.items()}
        self._refuse_placeholders("binary", plain.binary)
        return JobDeclaration(
            name=self._name,
            cell=plain.runtime.cell,
            binary=plain.binary,
            binary_span=where["binary"],
            args=args,
            env=env,
            requirements=self._requirements(plain.requirements),
            ports=ports,
            health=self._health(plain.health, ports),
            restart=plain.restart,
            notice_ms=self._milliseconds("notice", plain.notice, _DEFAULT_TASK.notice_ms),
            replicas=plain.replicas,
            priority=_priority(plain.priority),
            update=plain.update,
            user=plain.user,
            where=where,
        )

    def _requirements(self, asked: _Requirements) -> Resources:
        cpu = DEFAULT_REQUIREMENTS.cpu
        if asked.cpu is not None:
            cpu = self._thousandths("requirements.cpu", asked.cpu, "milli-cores")
        return Resources(cpu=cpu, ram=asked.ram, disk=asked.disk)

    def _health(self, health: _Health | None, ports: tuple[str, ...]) -> HealthCheck | None:
        if health is None:
            return None
        if health.port not in ports:
            self._findings.add(
                "missing",
                self._where.get("health.port", self._where["health"]),
                f"the health check asks port '{health.port}', which the job does not have",
                help=f"name it with %port:{health.port}% in args or env",
            )
        self._refuse_placeholders("health.path", health.path)
        return HealthCheck(
            port=health.port,
            path=health.path,
            grace_ms=self._milliseconds("health.grace", health.grace, _DEFAULT_HEALTH.grace_ms),
            interval_ms=self._milliseconds(
                "health.interval", health.interval, _DEFAULT_HEALTH.interval_ms
            ),
            timeout_ms=self._milliseconds(
                "health.timeout", health.timeout, _DEFAULT_HEALTH.timeout_ms
            ),
            failures_allowed=health.failures_allowed,
        )

    def _milliseconds(self, path: str, seconds: int | float | None, default: int) -> int:
        return default if seconds is None else self._thousandths(path, seconds, "milliseconds")

    def _thousandths(self, path: str, amount: int | float, unit: str) -> int:
        thousandths = round(amount * 1000)
        # Both sides are the double nearest to a decimal number, so that 0.1 is exactly 100 thousandths.
        if thousandths / 1000 != amount:
            message = f"{path} is {amount * 1000:g} {unit}; only whole ones can be asked for"
            self._findings.add("range", self._where[path], message)
        return thousandths

    def _refuse_placeholders(self, path: str, text: str) -> None:
        if "%" in text.replace("%%", ""):
            message = f"{path} cannot hold placeholders: they are filled in in args and env"
            where = self._where.get(path, (0, 0))
            self._findings.add("placeholder", where, message)


def _priority(priority: int | Band) -> int:
    return BAND_RANGES[priority][0] if isinstance(priority, Band) else priority


def _text(value: str | bool | int | float) -> str:
    """A value as an argument shows it: ``true``, ``100000000``, ``0.1``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
