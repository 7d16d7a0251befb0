"""From checked BCL to the declarations of jobs and alloc sets."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from borgpy.bcl.declarations import AllocDeclaration, FileUse, JobDeclaration
from borgpy.bcl.diagnostics import Details, Findings, Source, Span, Spot
from borgpy.bcl.placing import constraint_of, devices_of, override_of, sets_of, texts_of
from borgpy.bcl.schema import Checked
from borgpy.model.declared import DeclaredAlloc, DeclaredJob, DeclaredService
from borgpy.model.declared.package import DeclaredPackage, DeclaredPackageUse
from borgpy.model.declared.parts import DeclaredHealth, DeclaredPort, DeclaredRequirements
from borgpy.model.overrides import Override
from borgpy.model.placeholders import port_names
from borgpy.model.priority import BAND_RANGES, Band
from borgpy.model.resources import MILLI, Resources
from borgpy.model.spec import (
    HealthCheck,
    Restart,
    UpdatePolicy,
)

__all__ = [
    "AllocDeclaration",
    "FileUse",
    "JobDeclaration",
    "alloc_declarations_of",
    "declarations_of",
    "job_declarations",
]


class HasChecked(Protocol):
    @property
    def checked(self) -> Checked: ...


class HasDeclarations(Protocol):
    """What a file has come to, as far as it matters here."""

    @property
    def declarations(self) -> Sequence[HasChecked]: ...


def declarations_of(evaluated: HasDeclarations) -> tuple[JobDeclaration, ...]:
    """The jobs and services of a file, in its order; `BclError` with what could not run in any cell."""
    findings = Findings()
    declared = [d.checked for d in evaluated.declarations]
    packages = {d.name: d for d in declared if d.kind == "package"}
    jobs = tuple(
        _Job(checked, packages, findings).declaration()
        for checked in declared
        if checked.kind in ("job", "service")
    )
    findings.raise_if_any()
    return jobs


def alloc_declarations_of(evaluated: HasDeclarations) -> tuple[AllocDeclaration, ...]:
    """The alloc sets of a file, in its order."""
    return tuple(
        _alloc(declared.checked)
        for declared in evaluated.declarations
        if declared.checked.kind in ("alloc", "alloc_set")
    )


def job_declarations(source: str, filename: str) -> tuple[JobDeclaration, ...]:
    """The jobs and services that a text declares which imports nothing; `BclError` with everything wrong with it."""
    from borgpy.bcl.evaluate import evaluate
    from borgpy.bcl.loading.program import MemoryFiles, load

    return declarations_of(evaluate(load(Source(filename, source), MemoryFiles({}))))


def _alloc(checked: Checked) -> AllocDeclaration:
    plain = msgspec.convert(_fields(checked), DeclaredAlloc)
    return AllocDeclaration(
        name=checked.name,
        cell=plain.runtime.cell,
        requirements=_resources(plain.requirements),
        replicas=plain.replicas,
        priority=_priority(plain.priority),
        constraints=tuple(map(constraint_of, plain.constraints)),
        labels=texts_of(plain.labels),
        user=plain.user or "",
        where=checked.where,
    )


class _Job:
    """One job on its way from plain data, with what its fields have to agree on checked."""

    def __init__(
        self, checked: Checked, packages: Mapping[str, Checked], findings: Findings
    ) -> None:
        self._checked = checked
        self._plain: DeclaredJob | DeclaredService
        if checked.kind == "service":
            self._plain = msgspec.convert(_fields(checked), DeclaredService)
        else:
            self._plain = msgspec.convert(_fields(checked), DeclaredJob)
        self._packages = packages
        self._findings = findings

    def declaration(self) -> JobDeclaration:
        plain, where = self._plain, self._checked.where
        args, env = texts_of(plain.args), texts_of(plain.env)
        overrides = tuple(map(override_of, plain.overrides))
        texts = [args, env, *(t for override in overrides for t in (override.args, override.env))]
        named = (port.name if isinstance(port, DeclaredPort) else port for port in plain.ports)
        used = port_names(text for several in texts for text in several.values())
        ports = tuple(dict.fromkeys((*named, *used)))
        self._refuse_placeholders("binary", plain.binary)
        self._check_overrides(overrides)
        self._check_twins()
        self._check_alloc()
        return JobDeclaration(
            name=self._checked.name,
            cell=plain.runtime.cell,
            binary=plain.binary,
            binary_span=where["binary"],
            args=args,
            env=env,
            requirements=_resources(plain.requirements),
            ports=ports,
            health=self._health(plain.health, ports),
            restart=Restart(plain.restart),
            notice_ms=round(plain.notice * MILLI),
            replicas=plain.replicas,
            priority=_priority(plain.priority),
            update=UpdatePolicy(plain.update.batch),
            user=plain.user or "",
            where=where,
            appclass=plain.appclass,
            labels=texts_of(plain.labels),
            constraints=tuple(map(constraint_of, plain.constraints)),
            overrides=overrides,
            packages=self._files(plain.packages),
            fixed_ports=self._fixed_ports(plain.ports),
            alloc=plain.alloc or "",
            after=(plain.after,) if isinstance(plain.after, str) else plain.after,
            quota_user=plain.quota_user or "",
            devices=devices_of(plain.requirements),
            sets=sets_of(plain.requirements),
            runtime_ms=round(plain.expected_runtime * MILLI),
        )

    def _health(self, health: DeclaredHealth | None, ports: tuple[str, ...]) -> HealthCheck | None:
        if health is None:
            return None
        if health.port not in ports:
            message = (
                f"the health check asks port '{health.port}', which {self._checked.name} has not"
            )
            help = f"name it with %port:{health.port}% in args or env, or in ports"
            self._report("missing", "health.port", message, help)
        self._refuse_placeholders("health.path", health.path)
        return HealthCheck(
            port=health.port,
            path=health.path,
            grace_ms=round(health.grace * MILLI),
            interval_ms=round(health.interval * MILLI),
            timeout_ms=round(health.timeout * MILLI),
            failures_allowed=health.failures_allowed,
        )

    def _fixed_ports(self, ports: Sequence[str | DeclaredPort]) -> dict[str, int]:
        """The numbers of the ports that have one."""
        fixed: dict[str, int] = {}
        for position, port in enumerate(ports):
            if not isinstance(port, DeclaredPort) or port.number is None:
                continue
            if fixed.get(port.name, port.number) != port.number:
                message = f"port '{port.name}' has two numbers"
                help = "leave one out, or give one of them another name"
                self._report("duplicate", f"ports.{position}.number", message, help)
            elif any(name != port.name and taken == port.number for name, taken in fixed.items()):
                message = f"two ports of {self._checked.name} have the number {port.number}"
                help = "a number of a machine is one port's alone"
                self._report("duplicate", f"ports.{position}.number", message, help)
            fixed.setdefault(port.name, port.number)
        return fixed

    def _check_overrides(self, overrides: Sequence[Override]) -> None:
        replicas = self._plain.replicas
        for number, override in enumerate(overrides):
            for tasks in override.tasks:
                if tasks.last >= replicas:
                    message = f"{self._checked.name} has no tasks {tasks}"
                    help = f"its tasks are 0 to {replicas - 1:,}"
                    self._report("range", f"overrides.{number}.tasks", message, help)

    def _check_twins(self) -> None:
        asked = self._plain.requirements
        if asked.gpu is not None and "gpu" in asked.devices:
            self._report("duplicate", "requirements.gpu", "gpu is there twice", "leave one out")
        names = [wanted.name for wanted in asked.sets]
        for number, name in enumerate(names):
            if name in names[:number]:
                message = f"{self._checked.name} asks for two resource sets called '{name}'"
                help = "a task is in one set of a name"
                self._report("duplicate", f"requirements.sets.{number}", message, help)

    def _check_alloc(self) -> None:
        asked = self._plain.requirements
        numbered = {"gpu": asked.gpu, "devices": asked.devices, "sets": asked.sets}
        if self._plain.alloc and (devices_of(asked) or asked.sets):
            field = next(name for name, wanted in numbered.items() if wanted)
            message = "a task in an alloc can have neither devices nor resource sets"
            self._report("field", f"requirements.{field}", message, "leave out these, or alloc")

    def _files(self, packages: Sequence[str | DeclaredPackageUse]) -> tuple[FileUse, ...]:
        files = tuple(map(self._package, range(len(packages)), packages))
        taken = {_last_part(self._plain.binary)}
        for number, file in enumerate(files):
            if file.name in taken:
                message = f"two files of {self._checked.name} are called '{file.name}'"
                help = "give one of them another name: { name = .. }"
                self._report("duplicate", f"packages.{number}", message, help)
            taken.add(file.name)
        return files

    def _package(self, number: int, package: str | DeclaredPackageUse) -> FileUse:
        path = f"packages.{number}"
        if isinstance(package, DeclaredPackageUse):
            name = package.name or _last_part(package.path) or _last_part(package.sha256)
            span = self._span(f"{path}.path")
            return FileUse(name, package.path or "", package.sha256 or "", span)
        known = self._packages.get(package)
        if known is None:
            there = ", ".join(self._packages) or "none"
            message = f"this file declares no package '{package}'"
            self._report("name", path, message, f"the packages are {there}")
            return FileUse(package, "", "", self._span(path))
        plain = msgspec.convert(_fields(known), DeclaredPackage)
        where = known.where
        span = where["path" if "path" in where else "sha256"]
        name = _last_part(plain.path) or known.name
        return FileUse(name, plain.path or "", plain.sha256 or "", span)

    def _refuse_placeholders(self, path: str, text: str) -> None:
        if "%" in text.replace("%%", ""):
            message = f"{path} cannot hold placeholders: they are filled in in args and env"
            self._report("placeholder", path, message, "")

    def _report(self, code: str, path: str, message: str, help: str) -> None:
        spot = self._checked.where.spot(path) or self._checked.spot
        self._findings.report(code, spot, message, Details(help=help))  # type: ignore[arg-type]

    def _span(self, path: str) -> Span:
        spot: Spot = self._checked.where.spot(path) or self._checked.spot
        return spot.span


def _fields(checked: Checked) -> dict[str, object]:
    """What is declared under the name, without the name."""
    return {name: value for name, value in checked.value.items() if name != "name"}


def _resources(asked: DeclaredRequirements) -> Resources:
    return Resources(
        cpu=round(asked.cpu * MILLI), ram=asked.ram, disk=asked.disk, extra=asked.extra
    )


def _priority(priority: int | Band) -> int:
    return BAND_RANGES[priority][0] if isinstance(priority, Band) else priority


def _last_part(path: str | None) -> str:
    return (path or "").rstrip("/").rpartition("/")[2]
