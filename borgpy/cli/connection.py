"""From the global options to a Borgmaster that answers."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
import msgspec

from borgpy.cli.contexts import Context, Surroundings, find_context, surroundings, unknown_cell
from borgpy.cli.options import Options
from borgpy.client.borgmaster import BorgmasterClient
from borgpy.errors import InvalidConfig, Unreachable

ANSWER_SECONDS = 30.0
"""How long one answer may take at most; a shorter --timeout is a shorter one for each answer, too."""


class Connection(msgspec.Struct, frozen=True):
    """A cell, somebody's view of it, and the client to ask with."""

    client: BorgmasterClient
    context: Context
    cell: str
    user: str


def here() -> Surroundings:
    """The environment of this process."""
    return surroundings(os.environ)


@asynccontextmanager
async def connect(options: Options, cell: str = "") -> AsyncIterator[Connection]:
    """A connection to the cell that the options, or the name in a key (``cell``), mean."""
    if cell and options.cell and cell != options.cell:
        raise InvalidConfig(f"the name says cell {cell!r}, and --cell says {options.cell!r}")
    wanted = cell or options.cell
    async with connect_to(options, find_context(here(), wanted), wanted) as connection:
        yield connection


@asynccontextmanager
async def connect_to(
    options: Options, context: Context, wanted: str = ""
) -> AsyncIterator[Connection]:
    """A connection to this very cell. One that only knows its address is asked whether it is the ``wanted`` one."""
    if context.data and not context.address:
        raise Unreachable(f"cell {context.cell!r} is not running", hint=_start_hint(context))
    endpoint = context.endpoint()
    seconds = min(options.timeout_seconds or ANSWER_SECONDS, ANSWER_SECONDS)
    async with BorgmasterClient(endpoint, timeout_seconds=seconds) as client:
        if options.verbose:
            click.echo(f"asking {endpoint.address} (from {context.said_by})", err=True)
        try:
            name = context.cell
            if wanted and not name:
                name = (await client.cell()).cell
                if name != wanted:
                    raise unknown_cell(wanted, {name: None})
            yield Connection(client, context, name, options.user or context.user)
        except Unreachable as error:
            if context.data:
                raise Unreachable(error.message, hint=_start_hint(context)) from error
            raise


def _start_hint(context: Context) -> str:
    return f"start it again with `borgcfg cell start {context.cell}`"
