"""Names of jobs for the shell, while a person types."""

import asyncio

import click

from borgpy.cli.connection import connect
from borgpy.cli.options import options_of
from borgpy.errors import BorgError

ANSWER_SECONDS = 0.3
"""A person waits at the TAB key; no name is better than a pause."""


def complete_job(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The user's jobs that begin so; everybody's once a user is typed."""
    try:
        return asyncio.run(asyncio.wait_for(_jobs(ctx, incomplete), ANSWER_SECONDS))
    except (BorgError, TimeoutError, OSError):
        return []


async def _jobs(ctx: click.Context, incomplete: str) -> list[str]:
    async with connect(options_of(ctx, lambda name: None)) as connection:
        if "/" in incomplete:
            names = [str(view.key) for view in await connection.client.jobs()]
        else:
            names = [view.spec.name for view in await connection.client.jobs(connection.user)]
    return [name for name in names if name.startswith(incomplete)]
