"""Questions to a person, and only where there is one."""

import sys

import click

from borgpy.cli.options import Options
from borgpy.errors import BorgError
from borgpy.model.api import JobView
from borgpy.model.priority import Band

MOST_UNASKED = 100
"""Stopping more tasks than this at once is asked about."""

GUARDED = (Band.PRODUCTION, Band.MONITORING)


def confirm_stop(options: Options, view: JobView, count: int) -> None:
    """Ask whether ``count`` tasks may be stopped, if that is much or in production. Usage error without a terminal."""
    if options.yes or not count or (count <= MOST_UNASKED and view.band not in GUARDED):
        return
    what = f"this stops {count:,} tasks of {view.key} ({view.band.value} {view.spec.priority})"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"{what}; it needs --yes")
    answer = click.prompt(
        f"{what}. Type {count} to go on", default="no", show_default=True, err=True
    )
    if answer.strip().replace(",", "") != str(count):
        raise BorgError("nothing was stopped")
