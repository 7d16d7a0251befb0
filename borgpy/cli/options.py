"""The options that every `borgcfg` command takes, before or after its name."""

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import click
import msgspec

_META = "borgcfg.options"
_PREFIX = "global_"

_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


class Output(Enum):
    """What a command prints on stdout."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class Options(msgspec.Struct, frozen=True):
    """The global options as given; empty or none where they were not. ``color`` none: if stdout is a terminal."""

    cell: str = ""
    user: str = ""
    output: Output = Output.TABLE
    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
    headers: bool = True
    utc: bool = False
    timeout_seconds: float | None = None
    yes: bool = False


class Seconds(click.ParamType[float]):
    """A duration: ``30``, ``30s``, ``5m``, ``1h``, ``500ms``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", str(value))
        if match is None:
            self.fail(f"{value!r} is no duration; write 30s, 5m or 1h", param, ctx)
        return float(match[1]) * _UNIT_SECONDS[match[2]]


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and param.name is not None:
        ctx.find_root().meta.setdefault(_META, {})[param.name.removeprefix(_PREFIX)] = value


def _option(*names: str, **attributes: Any) -> click.Option:
    # A name of its own: a command may well have an argument called `user`.
    own = _PREFIX + names[-1].removeprefix("--").replace("-", "_")
    return click.Option(
        (*names, own), expose_value=False, callback=_keep, default=None, **attributes
    )


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """The options themselves; a command's own help leaves them to that of ``borgcfg``."""
    formats = [output.value for output in Output]
    return [
        _option("-c", "--cell", metavar="NAME", help="The cell that is meant.", hidden=hidden),
        _option("-u", "--user", metavar="NAME", help="Whose jobs are meant.", hidden=hidden),
        _option(
            "-o",
            "--output",
            type=click.Choice(formats),
            help="What to print on stdout.",
            hidden=hidden,
        ),
        _option("-q", "--quiet", is_flag=True, help="No progress, only results.", hidden=hidden),
        _option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Say which cell is asked, and where a fault came from.",
            hidden=hidden,
        ),
        _option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            help="Colours; NO_COLOR is heeded.",
            hidden=hidden,
        ),
        _option("--no-headers", is_flag=True, help="Tables without headings.", hidden=hidden),
        _option("--utc", is_flag=True, help="Times in UTC instead of local time.", hidden=hidden),
        _option(
            "--timeout",
            type=Seconds(),
            metavar="TIME",
            help="How long to wait, e.g. 30s or 5m.",
            hidden=hidden,
        ),
        _option("-y", "--yes", is_flag=True, help="Ask no questions.", hidden=hidden),
    ]


def options_of(ctx: click.Context, environment: Callable[[str], str | None]) -> Options:
    """What was given on the command line, up to ``ctx``; the last mention of an option counts."""
    given: dict[str, Any] = ctx.find_root().meta.get(_META, {})
    color = {"always": True, "never": False}.get(given.get("color", ""))
    if color is None and environment("NO_COLOR"):
        color = False
    return Options(
        cell=given.get("cell", ""),
        user=given.get("user", ""),
        output=Output(given.get("output", "table")),
        quiet=given.get("quiet", False),
        verbose=given.get("verbose", False),
        color=color,
        headers=not given.get("no_headers", False),
        utc=given.get("utc", False),
        timeout_seconds=given.get("timeout"),
        yes=given.get("yes", False),
    )


class Command(click.Command):
    """A command which takes the global options after its name, too."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params = [*self.params, *global_options(hidden=True)]


class Group(click.Group):
    """A noun with several verbs, such as ``borgcfg cell``."""

    command_class = Command


def command(
    name: str, *, epilog: str = "", parameters: Sequence[Callable[..., Any]] = ()
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function, or a coroutine function, a command. Its first argument is `Options`."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def invoke(**arguments: Any) -> None:
            import os

            ctx = click.get_current_context()
            options = options_of(ctx, os.environ.get)
            ctx.color = options.color
            if inspect.iscoroutinefunction(function):
                import asyncio

                asyncio.run(function(options, **arguments))
            else:
                function(options, **arguments)

        callback: Callable[..., Any] = invoke
        for parameter in reversed(parameters):
            callback = parameter(callback)
        return click.command(name, cls=Command, epilog=epilog or None)(callback)

    return decorate
