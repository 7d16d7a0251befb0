"""`borgcfg cell config` and `borgcfg cell passes`: by what tasks are placed, and what placing them took."""

from pathlib import Path
from typing import Any

import click
import msgspec

from borgpy.cli.connection import connect
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import Table, moment, show
from borgpy.errors import InvalidConfig
from borgpy.model.api import PassesView, PassView, PolicyView
from borgpy.model.policy import Policy
from borgpy.model.policy_text import (
    KNOBS,
    Difference,
    changed,
    complete,
    differences,
    texts_of,
)


class PolicyShown(msgspec.Struct, frozen=True):
    """The policy as ``-o json`` prints it, and as ``--file`` takes it: every knob is there."""

    version: int
    policy: dict[str, Any]
    plugins: tuple[str, ...]


class PolicyChange(msgspec.Struct, frozen=True):
    """What ``borgcfg cell config`` changed, or would change."""

    version: int
    changes: tuple[Difference, ...]
    policy: dict[str, Any]
    dry_run: bool


class _File(msgspec.Struct, frozen=True):
    """A file that ``-o json`` wrote."""

    policy: Policy


@command(
    "config",
    parameters=[
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="KNOB=VALUE",
            help="Turn one knob, e.g. packing=best_fit, spread.rack=100; may be repeated.",
        ),
        click.option(
            "--file",
            type=click.Path(path_type=Path),
            help="Take the policy from a JSON file, as -o json writes it.",
        ),
        click.option("--reset", is_flag=True, help="Begin with the policy of a fresh cell."),
        click.option(
            "--if-version", type=click.IntRange(0), help="Refuse unless the policy has it."
        ),
        click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing."),
    ],
    epilog="-o wide tells what each knob is about.",
)
async def config(
    options: Options,
    settings: tuple[str, ...],
    file: Path | None,
    reset: bool,
    if_version: int | None,
    dry_run: bool,
) -> None:
    """By what policy the cell places tasks; with --set, --file or --reset, change it."""
    if reset and file:
        raise InvalidConfig("--reset and --file both say what to begin with", hint="give one")
    async with connect(options) as connection:
        view = await connection.client.policy()
        if not (settings or file or reset):
            _show_policy(options, view)
            return
        base = _read(file) if file else Policy() if reset else view.policy
        policy = changed(base, settings)
        # What is shown is the difference from what was read: should somebody have been quicker, it would be wrong.
        accepted = await connection.client.set_policy(
            policy,
            if_version=view.version if if_version is None else if_version,
            dry_run=dry_run,
        )
    changes = differences(view.policy, policy)
    show(
        options,
        PolicyChange(accepted.version, changes, complete(policy), dry_run),
        text=lambda: "\n".join(_change_lines(changes, accepted.version, dry_run)),
        names=lambda: [change.knob for change in changes],
    )


@command(
    "passes",
    parameters=[
        click.option(
            "-n",
            "count",
            type=click.IntRange(1),
            default=20,
            show_default=True,
            help="So many of the last ones.",
        )
    ],
)
async def passes(options: Options, count: int) -> None:
    """What the last scheduling passes looked at, what came of them, and where their time went."""
    async with connect(options) as connection:
        view = await connection.client.passes()
    view = msgspec.structs.replace(view, passes=view.passes[-count:])
    show(
        options,
        view,
        text=lambda: _pass_table(options, view) if view.passes else "no pass yet",
        names=lambda: [str(one.record.seq) for one in view.passes],
    )
    if options.output in (Output.TABLE, Output.WIDE):
        for line in _remarks(view):
            click.echo(line, err=True)


def _show_policy(options: Options, view: PolicyView) -> None:
    shown = PolicyShown(view.version, complete(view.policy), view.plugins)
    show(
        options,
        shown,
        text=lambda: _policy_table(view, wide=options.output is Output.WIDE),
        names=lambda: list(KNOBS),
    )
    if options.output in (Output.TABLE, Output.WIDE) and not options.quiet:
        plugins = f", plug-ins: {', '.join(view.plugins)}" if view.plugins else ""
        click.echo(f"version {view.version}{plugins}", err=True)


def _policy_table(view: PolicyView, *, wide: bool) -> Table:
    values, defaults = texts_of(view.policy), texts_of(Policy())
    rows = [
        (name, values[name], defaults[name], *((KNOBS[name].about,) if wide else ()))
        for name in KNOBS
    ]
    return Table(("KNOB", "VALUE", "DEFAULT", *(("ABOUT",) if wide else ())), rows)


def _change_lines(changes: tuple[Difference, ...], version: int, dry_run: bool) -> list[str]:
    if not changes:
        return [f"nothing changes: the policy has been so since version {version}"]
    lines = [f"{change.knob}: {change.before} -> {change.after}" for change in changes]
    would = "would be" if dry_run else "is now"
    return [*lines, f"the policy {would} version {version}"]


def _read(file: Path) -> Policy:
    """A policy alone, or with its version around it as ``-o json`` prints it."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidConfig(f"{file} cannot be read: {error.strerror}") from error
    try:
        wrapped = b'"policy"' in content and "policy" in msgspec.json.decode(content)
        if wrapped:
            return msgspec.json.decode(content, type=_File).policy
        return msgspec.json.decode(content, type=Policy)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(
            f"{file} holds no policy: {error}",
            hint="borgcfg cell config -o json prints one",
        ) from error


def _pass_table(options: Options, view: PassesView) -> Table:
    headings = ("WHEN", "SEQ", "MACHINES", "PENDING", "PLACED", "UNPLACED", "STALE")
    rows = [
        (
            moment(one.at, utc=options.utc),
            *(f"{count:,}" for count in _counts(one)),
            _milliseconds(one.nanoseconds),
            one.trouble or _phases(one),
        )
        for one in view.passes
    ]
    return Table((*headings, "CLASSES", "SCORED", "HITS", "TIME", "PHASES"), rows)


def _counts(one: PassView) -> tuple[int, ...]:
    record = one.record
    outcome = (record.placed, record.unplaced, one.stale)
    return (record.seq, record.machines, record.tasks, *outcome, *_effort(one))


def _effort(one: PassView) -> tuple[int, int, int]:
    return one.record.classes, one.record.scored, one.record.cache_hits


def _phases(one: PassView) -> str:
    return ", ".join(f"{name} {_milliseconds(took)}" for name, took in one.record.phases)


def _milliseconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:,.1f}ms"


def _remarks(view: PassesView) -> list[str]:
    """What the table does not tell: plug-ins that failed, and a pass that runs."""
    lines = [
        f"sequence {one.record.seq}: {fault}"
        for one in view.passes[-1:]
        for fault in dict.fromkeys(one.record.faults)
    ]
    if view.running_ms:
        waits = f", and waits for the plug-in {view.asking}" if view.asking else ""
        lines.append(f"a pass has been running for {view.running_ms / 1000:,.1f} s{waits}")
    return lines
