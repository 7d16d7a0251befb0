"""The plug-ins that a Borgmaster was started with: loaded once, by name, and watched while they are asked."""

import importlib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from borgpy.errors import InvalidConfig
from borgpy.model.constraints import Constraint
from borgpy.model.constraints import Plugin as PluginRule
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.policy import MAX_PLUGINS
from borgpy.model.policy_text import NONE, near_miss
from borgpy.model.refusal import Problem
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.plugins import Machines, Plugin, Plugins

_FORM = "write --plugin NAME=package.module:function"


class PluginBook:
    """The plug-ins by name, and which of them is being asked now: a pass that takes too long may wait for one."""

    def __init__(self, plugins: Mapping[str, Plugin] | None = None) -> None:
        self.asking = ""
        self.plugins: Plugins = {
            name: _Watched(self, name, plugin) for name, plugin in (plugins or {}).items()
        }

    def problems(self, field: str, names: Iterable[str]) -> tuple[Problem, ...]:
        """A problem for each name that is none."""
        return tuple(
            Problem(
                field,
                f"this Borgmaster has no plug-in {name[:80]!r}",
                hint=f"{near_miss(name, self.plugins)}; {_FORM} when it is started",
                got=name[:80],
            )
            for name in names
            if name not in self.plugins
        )


class _Watched:
    """A plug-in, which is noted while it is asked."""

    def __init__(self, book: PluginBook, name: str, plugin: Plugin) -> None:
        self._book, self._name, self._plugin = book, name, plugin

    def __call__(self, machines: Machines, job: PendingJob) -> Any:
        self._book.asking = self._name
        try:
            return self._plugin(machines, job)
        finally:
            self._book.asking = ""


def named_in(constraints: Iterable[Constraint]) -> list[str]:
    """The plug-ins that some constraints ask for."""
    return [rule.name for rule in constraints if isinstance(rule, PluginRule)]


def load_plugins(flags: Iterable[str]) -> dict[str, Plugin]:
    """The functions that ``NAME=package.module:function`` name; `InvalidConfig` for the first that cannot be used."""
    loaded: dict[str, Plugin] = {}
    for flag in flags:
        name, equals, path = (part.strip() for part in flag.partition("="))
        module, colon, function = path.partition(":")
        if not (equals and colon and module and function):
            raise InvalidConfig(f"--plugin {flag}: it names no function", hint=_FORM)
        if not is_name(name) or name == NONE:
            raise InvalidConfig(
                f"--plugin {flag}: {name!r} is no name of a plug-in",
                hint=f"{NAME_RULE}; and not {NONE!r}",
            )
        if name in loaded:
            raise InvalidConfig(f"--plugin {flag}: there is a plug-in {name!r} already")
        loaded[name] = _function(flag, module, function)
    if len(loaded) > MAX_PLUGINS:
        raise InvalidConfig(f"{len(loaded)} plug-ins are more than {MAX_PLUGINS}")
    return loaded


def _function(flag: str, module: str, function: str) -> Plugin:
    try:
        found: Any = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # whatever people's code does while it is imported
        raise InvalidConfig(
            f"--plugin {flag}: {module} cannot be imported: {type(error).__name__}: {error}",
            hint="is it installed, or its folder in PYTHONPATH?",
        ) from error
    for part in function.split("."):
        names = [name for name in dir(found) if not name.startswith("_")]
        if not hasattr(found, part):
            hint = near_miss(part, names) if len(names) < 20 else ""
            raise InvalidConfig(f"--plugin {flag}: {module} has no {part!r}", hint=hint)
        found = getattr(found, part)
    if not callable(found):
        kind = type(found).__name__
        raise InvalidConfig(f"--plugin {flag}: it is no function, but of type {kind}")
    _check_arguments(flag, found)
    plugin: Plugin = found
    return plugin


def _check_arguments(flag: str, function: Any) -> None:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise InvalidConfig(
            f"--plugin {flag}: it cannot be called with (machines, job): {error}",
            hint="docs/SCHEDULING.md shows how a plug-in is written",
        ) from error
    except ValueError:
        return  # a function written in C does not tell
