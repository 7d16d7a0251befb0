"""What a Borglet keeps on disk about itself: whose orders it takes, and what its agent knows."""

from pathlib import Path
from typing import TypeVar

import msgspec

from borgpy.borglet.agent import AgentState
from borgpy.borglet.files import read_or_nothing, write_whole
from borgpy.errors import Corrupt


class Allegiance(msgspec.Struct, frozen=True):
    """The cell whose orders are taken, the credential they must carry, and the highest epoch that gave any."""

    cell: str = ""
    credential: str = ""
    epoch: int = 0


class BorgletFiles:
    """The files of one Borglet, below its data directory. Every write is durable when it returns."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._allegiance = data / "allegiance.json"
        self._agent = data / "agent.msgpack"

    def load_allegiance(self) -> Allegiance:
        return _decode(self._allegiance, msgspec.json.Decoder(Allegiance)) or Allegiance()

    def save_allegiance(self, allegiance: Allegiance) -> None:
        write_whole(self._allegiance, msgspec.json.encode(allegiance))

    def load_agent(self) -> AgentState:
        return _decode(self._agent, msgspec.msgpack.Decoder(AgentState)) or AgentState()

    def save_agent(self, encoded: bytes) -> None:
        """``encoded`` is an `AgentState` in msgpack: the caller encodes it while it stands still."""
        write_whole(self._agent, encoded)


T = TypeVar("T")


def _decode(
    path: Path, decoder: "msgspec.json.Decoder[T] | msgspec.msgpack.Decoder[T]"
) -> T | None:
    content = read_or_nothing(path)
    if not content:
        return None
    try:
        return decoder.decode(content)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"{path} does not decode: {error}",
            hint="move it away to start afresh; tasks that still run are then stopped and placed again",
        ) from error
