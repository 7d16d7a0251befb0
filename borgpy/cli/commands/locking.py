"""`borgcfg lock`: hold what job files import to what it is now."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from borgpy.cli.asked import EVALUATION_OPTIONS, Asked, asked
from borgpy.cli.options import Options, command
from borgpy.cli.output import show
from borgpy.errors import BorgError, InvalidConfig

if TYPE_CHECKING:
    from borgpy.bcl.loading.program import Program


class OutOfDate(BorgError):
    """The lock is not what it would be now."""


@command(
    "lock",
    parameters=[
        click.argument("files", nargs=-1, required=True, type=click.Path()),
        click.option(
            "--check", is_flag=True, help="Change nothing; fail if something would change."
        ),
        *EVALUATION_OPTIONS,
    ],
    epilog="What other files import stays locked as it is. With a borg.lock, nothing else is imported.",
)
def lock(options: Options, files: tuple[str, ...], check: bool) -> None:
    """Write borg.lock: the sha256 of every file that job files import."""
    from borgpy.bcl.loading.lock import imported, renewed
    from borgpy.cli.evaluating import lock_of

    root, programs = _programs(files, asked())
    entries = lock_of(root) or {}
    found = imported(programs)
    existing = {path for path in entries if (root / path).is_file()}
    fresh = renewed(entries, found, existing)
    changed = sorted(
        path for path in entries.keys() | fresh.keys() if entries.get(path) != fresh.get(path)
    )
    if check and changed:
        raise OutOfDate(
            f"borg.lock is not up to date: {', '.join(changed)}",
            hint=f"run: borgcfg lock {' '.join(files)}",
        )
    if not check and (changed or lock_of(root) is None):
        _write(root, fresh)
    show(
        options,
        fresh,
        text=lambda: f"borg.lock: {len(fresh)} locked, {len(changed)} changed",
        names=lambda: sorted(fresh),
    )


def _programs(files: tuple[str, ...], how: Asked) -> "tuple[Path, list[Program]]":
    """Files with what they import now, and the project that they all belong to."""
    from borgpy.cli.evaluating import loaded_unlocked, read_source

    sources = [read_source(name, how) for name in files]
    roots = {job.root for job in sources}
    if len(roots) > 1:
        raise InvalidConfig(
            f"these files belong to several projects: {', '.join(sorted(map(str, roots)))}",
            hint="lock them one after the other, or name a folder that holds all with --root",
        )
    return roots.pop(), [loaded_unlocked(job, how) for job in sources]


def _write(root: Path, entries: dict[str, str]) -> None:
    from borgpy.bcl.loading.lock import lock_text
    from borgpy.cli.project import LOCK
    from borgpy.cli.writing import replace_file

    replace_file(root / LOCK, lock_text(entries).encode())
