"""How a Borglet comes to be polled: it joins, and joins again when nobody asks."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from borgpy.borglet.borgmaster import Borgmaster
from borgpy.borglet.machine import Machine
from borgpy.borglet.server import BorgletServer
from borgpy.errors import BorgError, Conflict, InvalidConfig
from borgpy.model.machine import MachineSpec
from borgpy.model.orders import MAX_MACHINES_PER_POLL

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 15.0

UNPOLLED_SECONDS = 60.0
LOOK_SECONDS = 2.0


async def keep_joined(
    borgmaster: Borgmaster, server: BorgletServer, machines: Mapping[str, Machine], token: Path
) -> None:
    """Join with every machine now, and for ever with those that have not been polled for a minute.

    Returns only by `Conflict`, when the Borgmaster turns out to be another cell's.
    """
    waiting = list(machines)
    delay = FIRST_RETRY_SECONDS
    while True:
        specs = [machines[name].spec for name in waiting]
        try:
            await _join(borgmaster, server, specs, token)
            delay = FIRST_RETRY_SECONDS
        except Conflict:
            raise
        except (BorgError, OSError) as error:
            log.warning("joining failed, next attempt in %g s: %s", delay, error)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_RETRY_SECONDS)
        waiting = await _until_unpolled(server)


async def _until_unpolled(server: BorgletServer) -> list[str]:
    while True:
        unpolled = server.unpolled(UNPOLLED_SECONDS)
        if unpolled:
            return unpolled
        await asyncio.sleep(LOOK_SECONDS)


async def _join(
    borgmaster: Borgmaster, server: BorgletServer, specs: Sequence[MachineSpec], token: Path
) -> None:
    secret = await asyncio.to_thread(_read_token, token)
    for start in range(0, len(specs), MAX_MACHINES_PER_POLL):
        chunk = specs[start : start + MAX_MACHINES_PER_POLL]
        joined = await borgmaster.join(chunk, secret)
        mine = server.allegiance
        if mine.cell and joined.cell != mine.cell:
            raise Conflict(
                f"{borgmaster.address} is cell {joined.cell}, and this Borglet belongs to {mine.cell}",
                hint="give it another --data directory to let it join another cell",
            )
        if joined.epoch >= mine.epoch:
            await server.swear(
                msgspec.structs.replace(mine, cell=joined.cell, credential=joined.credential)
            )
        server.joined(spec.name for spec in chunk)
    log.info("joined cell %s with %d machines", server.allegiance.cell, len(specs))


def _read_token(path: Path) -> str:
    text = path.read_text().strip()
    if not text:
        raise InvalidConfig(f"the join token {path} is empty")
    return text
