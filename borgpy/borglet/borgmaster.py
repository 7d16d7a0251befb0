"""What a Borglet asks of its Borgmaster: to be polled, and for packages."""

from collections.abc import AsyncIterator, Sequence

import aiohttp
import msgspec

from borgpy.errors import BorgError, NotAllowed, NotFound, Unreachable
from borgpy.model.machine import MachineSpec
from borgpy.model.orders import Join, Joined

JOIN_SECONDS = 30
CONNECT_SECONDS = 10
STALL_SECONDS = 60
"""A download that brings nothing for this long is given up; a slow one is not."""

CHUNK = 256 * 1024
ERROR_TEXT_MOST = 300


class Borgmaster:
    """HTTP to the Borgmaster at ``address``. Every fault is an `Unreachable`, `NotAllowed`, `NotFound` or `BorgError`."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        await self._session.close()

    async def join(self, machines: Sequence[MachineSpec], token: str) -> Joined:
        """Ask to be polled for ``machines``."""
        try:
            async with self._session.post(
                f"{self.address}/v1/machines",
                data=msgspec.json.encode(Join(tuple(machines))),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                timeout=aiohttp.ClientTimeout(total=JOIN_SECONDS),
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                self._raise_for(answer.status, body, "the join token")
                return msgspec.json.decode(body, type=Joined)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise Unreachable(
                f"no answer from the Borgmaster at {self.address}: {error}"
            ) from error
        except msgspec.DecodeError as error:
            raise BorgError(f"{self.address} answers like no Borgmaster: {error}") from error

    async def package(self, digest: str, credential: str) -> AsyncIterator[bytes]:
        """The bytes of a package, in pieces."""
        try:
            async with self._session.get(
                f"{self.address}/v1/packages/{digest}",
                headers={"Authorization": f"Bearer {credential}"},
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=STALL_SECONDS
                ),
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    body = await answer.read()
                    self._raise_for(answer.status, body, "the cell's credential")
                async for piece in answer.content.iter_chunked(CHUNK):
                    yield piece
        except (TimeoutError, aiohttp.ClientError) as error:
            raise Unreachable(
                f"no answer from the Borgmaster at {self.address}: {error}"
            ) from error

    def _raise_for(self, status: int, body: bytes, credential: str) -> None:
        if status == 200:
            return
        said = body[:ERROR_TEXT_MOST].decode("utf-8", "replace").strip()
        if status in (401, 403):
            raise NotAllowed(f"the Borgmaster at {self.address} does not accept {credential}")
        if status == 404:
            raise NotFound(f"the Borgmaster at {self.address} does not have it")
        raise BorgError(f"the Borgmaster at {self.address} answers {status}: {said}")
