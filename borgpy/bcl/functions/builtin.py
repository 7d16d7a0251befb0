"""What a built-in function is, and how the arguments of a call come to its parameters."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from borgpy.bcl.diagnostics import did_you_mean
from borgpy.bcl.operations.faces import Caller
from borgpy.bcl.values import Value, Wrong


class _Required:
    """Stands where a parameter has no default."""


REQUIRED = _Required()


class Parameter(msgspec.Struct, frozen=True):
    """A parameter; of several in a row the last one may be ``many``, which takes all that is left."""

    name: str
    default: Value | _Required = REQUIRED
    many: bool = False

    @property
    def text(self) -> str:
        if self.many:
            return f"*{self.name}"
        if isinstance(self.default, _Required):
            return self.name
        return f"{self.name} = {msgspec.json.encode(self.default).decode()}"


class Builtin(msgspec.Struct, frozen=True, eq=False):
    """A function that every file can call. ``example`` is an expression whose value is that of ``result``."""

    name: str
    run: Callable[..., Value]
    """Takes the `Caller` and one value for each parameter; raises `Wrong` for what it cannot use."""
    parameters: tuple[Parameter, ...]
    doc: str
    example: str
    result: str
    written: str = ""
    """How it is called, where that is not plain from its parameters."""

    @property
    def signature(self) -> str:
        parameters = ", ".join(parameter.text for parameter in self.parameters)
        return self.written or f"{self.name}({parameters})"

    def call(self, caller: Caller, values: Sequence[Value], names: Sequence[str] = ()) -> Value:
        """What the function returns for these arguments, each with the name it is given by, or ``""``."""
        if len(values) == len(self.parameters) and not any(names):
            return self.run(caller, *values)
        if self.parameters[-1].many:
            return self.run(caller, *self._of_any_number(values, names))
        return self.run(caller, *self._bound(values, names))

    def _of_any_number(self, values: Sequence[Value], names: Sequence[str]) -> Sequence[Value]:
        for name in names:
            if name:
                raise self._wrong(f"takes no argument by name, as in '{name} = ..'")
        if len(values) < len(self.parameters):
            raise self._wrong("needs an argument at least")
        return values

    def _bound(self, values: Sequence[Value], names: Sequence[str]) -> Sequence[Any]:
        bound: list[Any] = [parameter.default for parameter in self.parameters]
        given: set[int] = set()
        for number, value in enumerate(values):
            name = names[number] if names else ""
            at = self._index_of(name) if name else number
            if at >= len(bound):
                most = f"{len(bound)} argument{'s' * (len(bound) > 1)}"
                raise self._wrong(f"takes {most}, not {len(values)}")
            if at in given:
                raise self._wrong(f"is given '{self.parameters[at].name}' twice")
            given.add(at)
            bound[at] = value
        for parameter, value in zip(self.parameters, bound, strict=True):
            if isinstance(value, _Required):
                raise self._wrong(f"needs '{parameter.name}'")
        return bound

    def _index_of(self, name: str) -> int:
        known = [parameter.name for parameter in self.parameters]
        if name in known:
            return known.index(name)
        raise self._wrong(f"has no parameter '{name}'", lambda: did_you_mean(name, known))

    def _wrong(self, what: str, label: Callable[[], str] = str) -> Wrong:
        return Wrong("call", f"{self.name} {what}", label=label, help=f"it is {self.signature}")
