"""What is wrong with the texts that a job's tasks are handed, and with the ports that these name."""

import re
from collections.abc import Iterator, Mapping

from borgpy.admission.bounds import between
from borgpy.model import limits
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.overrides import overlaid
from borgpy.model.placeholders import PLAIN, port_names, unknown_placeholders
from borgpy.model.refusal import Problem
from borgpy.model.spec import JobSpec, TaskSpec

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLACEHOLDERS = " ".join(f"%{name}%" for name in ("port", "port:NAME", *PLAIN[1:]))


def text_problems(spec: JobSpec) -> Iterator[Problem]:
    """Everything that is wrong with ``args``, ``env``, ``ports`` and the overrides of the first two."""
    yield from _texts(spec.task.args, spec.task.env, spec.task.ports)
    if (size := _size(spec.task)) > limits.MAX_TEXT_BYTES:
        yield _too_long("args", size)
    yield from _ports(spec.task)
    yield from _overrides(spec)


def _texts(
    args: Mapping[str, str], env: Mapping[str, str], ports: tuple[str, ...], within: str = ""
) -> Iterator[Problem]:
    for field, texts in ((f"{within}args", args), (f"{within}env", env)):
        yield from between(field, len(texts), 0, limits.MAX_TEXTS)
        for name, value in texts.items():
            unfit = texts is env and not _ENV_NAME.match(name)
            if unfit or "\0" in name + value or not name:
                yield Problem(f"{field}.{name}", f"{name!r} cannot be passed to a program")
            for placeholder in unknown_placeholders(value):
                yield Problem(
                    f"{field}.{name}",
                    f"{placeholder} is no placeholder",
                    hint="%% is a literal percent sign",
                    got=placeholder,
                    allowed=_PLACEHOLDERS,
                )
    for name in port_names((*args.values(), *env.values())):
        if name not in ports:
            used = f"%port:{name}% is used, and {name!r} is not among the ports"
            yield Problem(f"{within}ports" if not within else f"{within}args", used, got=name)


def _size(task: TaskSpec) -> int:
    return sum(
        len(name.encode()) + len(value.encode())
        for texts in (task.args, task.env)
        for name, value in texts.items()
    )


def _too_long(field: str, size: int) -> Problem:
    return Problem(
        field,
        f"args and env together are {size:,} bytes",
        hint="put long texts into a file of the package",
        allowed=f"{limits.MAX_TEXT_BYTES:,} bytes",
    )


def _ports(task: TaskSpec) -> Iterator[Problem]:
    yield from between("ports", len(task.ports), 0, limits.MAX_PORTS)
    if len(set(task.ports)) != len(task.ports):
        yield Problem("ports", "a port is named twice", got=", ".join(task.ports))
    for name in task.ports:
        if not is_name(name):
            yield Problem("ports", f"{name!r} is no port name", allowed=NAME_RULE)
    for name, number in task.fixed_ports.items():
        if name not in task.ports:
            yield Problem("ports", f"{name!r} has a number, and is not among the ports", got=name)
        yield from between(f"ports.{name}", number, 1, limits.MAX_PORT_NUMBER)
    numbers = list(task.fixed_ports.values())
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield Problem("ports", f"two ports have the number {number}", got=str(number))


def _overrides(spec: JobSpec) -> Iterator[Problem]:
    ranges = sum(len(override.tasks) for override in spec.overrides)
    hint = "let tasks tell themselves apart by %task%"
    wrong = list(between("overrides", ranges, 0, limits.MAX_OVERRIDE_RANGES, hint))
    for number, override in enumerate(spec.overrides):
        within = f"overrides.{number}."
        wrong.extend(_texts(override.args, override.env, spec.task.ports, within))
        for tasks in override.tasks:
            if not 0 <= tasks.first <= tasks.last < spec.replicas:
                allowed = f"0 to {spec.replicas - 1:,}"
                message = f"the job has no tasks {tasks}"
                wrong.append(Problem(f"{within}tasks", message, got=str(tasks), allowed=allowed))
    yield from wrong
    if not wrong and spec.overrides:
        yield from _merged(spec)


def _merged(spec: JobSpec) -> Iterator[Problem]:
    """What is wrong with the texts of whole tasks, once the overrides lie over the job's own."""
    total = 0
    for _, _, overrides in overlaid(spec.overrides, spec.replicas):
        size = _size(spec.task.with_overrides(overrides))
        total += size
        if size > limits.MAX_TEXT_BYTES:
            yield _too_long("overrides", size)
            return
        if total > limits.MAX_OVERRIDE_BYTES:
            yield Problem(
                "overrides",
                "args and env of all tasks with overrides are too long together",
                hint="let tasks tell themselves apart by %task%",
                allowed=f"{limits.MAX_OVERRIDE_BYTES:,} bytes",
            )
            return
