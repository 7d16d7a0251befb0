"""The options of every command that evaluates a job file."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from borgpy.bcl.limits import Limits

_META = "borgcfg.evaluating"


class Asked(msgspec.Struct, frozen=True):
    """How files are to be evaluated, as the command line says.

    ``raised`` are the limits that are not the usual ones; ``cache`` is the folder in which parsed files are kept, if any.
    """

    params: Mapping[str, str] = {}
    params_file: str = ""
    root: Path | None = None
    strict: bool = False
    raised: Mapping[str, float] = {}
    cache: Path | None = None

    @property
    def limits(self) -> "Limits":
        """The limits that hold."""
        from borgpy.bcl.limits import DEFAULT_LIMITS  # the language is not loaded to say --help

        return msgspec.structs.replace(DEFAULT_LIMITS, **self.raised)


LIMIT_FLAGS = {
    "source": ("characters of one file", 1 << 30),
    "nesting": ("brackets within each other", 1_000),
    "steps": ("steps of evaluation", 10**12),
    "depth": ("fields and calls that wait for each other", 10_000),
    "list": ("items of one list", 10**9),
    "string": ("characters of one string", 1 << 30),
    "output": ("values in the result", 10**9),
    "output-bytes": ("characters in the result", 1 << 40),
}
"""The limits by their flags, each with the most it can be raised to: depth costs stack, all else only memory."""

LIMIT_FIELDS: Mapping[str, str] = {
    "list": "items",
    "output": "output_nodes",
    "output-bytes": "output_bytes",
}
"""The fields of `Limits` that are called otherwise than their flags."""


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value not in (None, ()) and param.name is not None:
        ctx.meta.setdefault(_META, {})[param.name] = value


def _limit(flag: str) -> Callable[..., Any]:
    about, most = LIMIT_FLAGS[flag]
    name = f"limit_{LIMIT_FIELDS.get(flag, flag)}"
    return click.option(
        f"--max-{flag}",
        name,
        type=click.IntRange(1, most),
        metavar="N",
        help=f"Most {about}.",
        hidden=True,
        expose_value=False,
        callback=_keep,
    )


LIMIT_OPTIONS: tuple[Callable[..., Any], ...] = (
    *(_limit(flag) for flag in LIMIT_FLAGS),
    click.option(
        "--max-seconds",
        "limit_seconds",
        type=click.FloatRange(0, min_open=True),
        metavar="N",
        help="Most time an evaluation takes.",
        hidden=True,
        expose_value=False,
        callback=_keep,
    ),
)
"""The options of every command that only reads job files."""

EVALUATION_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option(
        "--set",
        "set_",
        metavar="NAME=VALUE",
        multiple=True,
        help="Give a parameter of the file a value; may be repeated.",
        expose_value=False,
        callback=_keep,
    ),
    click.option(
        "--params",
        "params_file",
        metavar="FILE",
        help="Take values of parameters from a .json or .borg file.",
        expose_value=False,
        callback=_keep,
    ),
    click.option(
        "--root",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Import from this folder and below; else from the nearest with borg.lock, .borgroot or .git.",
        expose_value=False,
        callback=_keep,
    ),
    click.option(
        "--strict",
        is_flag=True,
        default=None,
        help="Text has to be quoted, everywhere.",
        expose_value=False,
        callback=_keep,
    ),
    *LIMIT_OPTIONS,
)
"""The options of every command that evaluates a job file; `asked` tells what they were."""


def asked() -> Asked:
    """The evaluation options of the command that is being carried out."""
    given: dict[str, Any] = click.get_current_context().meta.get(_META, {})
    limits = {
        name.removeprefix("limit_"): value
        for name, value in given.items()
        if name.startswith("limit_")
    }
    return Asked(
        params=_assignments(given.get("set_", ())),
        params_file=given.get("params_file", ""),
        root=given.get("root"),
        strict=given.get("strict", False),
        raised=limits,
        cache=_cache(os.environ.get("XDG_CACHE_HOME", "")),
    )


def _cache(home: str) -> Path | None:
    """Where what can be made again is kept; the XDG specification has relative folders ignored."""
    try:
        return (Path(home) if home.startswith("/") else Path.home() / ".cache") / "borgpy"
    except RuntimeError:  # nobody's home
        return None


def _assignments(texts: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--set wants NAME=VALUE, not {text!r}")
        values[name.strip()] = value
    return values
