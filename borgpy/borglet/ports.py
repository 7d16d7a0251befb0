"""The ports of a machine that are handed out to tasks."""

import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from borgpy.errors import BorgError


class NoFreePort(BorgError):
    """Every port of the range is taken, or the one that it has to be, by tasks or by somebody else."""


def port_is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` now; connections of the last one that linger do not count."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            probe = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            continue  # a machine without IPv6
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                with suppress(OSError):
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET or "in use" in str(error):
                    return False
    return True


class PortBook:
    """Hands out each port of ``lowest..highest`` once, going round so that a port rests after its task."""

    def __init__(
        self,
        lowest: int,
        highest: int,
        start: int = 0,
        is_free: Callable[[int], bool] = port_is_free,
    ) -> None:
        self.lowest, self.highest = lowest, highest
        self._is_free = is_free
        self._taken: set[int] = set()
        self._next = start % self.size

    @property
    def size(self) -> int:
        return self.highest - self.lowest + 1

    def take(
        self,
        names: Iterable[str],
        preferred: Mapping[str, int],
        fixed: Mapping[str, int] | None = None,
    ) -> dict[str, int]:
        """A free port for each name, the preferred one if it still is; `NoFreePort` takes none.

        Those in ``fixed`` have to have these numbers, which may lie outside the range.
        """
        ports: dict[str, int] = {}
        for name in names:
            number = fixed.get(name) if fixed else None
            try:
                port = self._any(preferred.get(name, 0)) if number is None else self._this(number)
            except NoFreePort:
                self.give_back(ports)
                raise
            self._taken.add(port)
            ports[name] = port
        return ports

    def keep(self, ports: Mapping[str, int]) -> None:
        """These are in use by a task that was found running."""
        self._taken.update(ports.values())

    def give_back(self, ports: Mapping[str, int]) -> None:
        self._taken.difference_update(ports.values())

    def _any(self, wish: int) -> int:
        port = wish if wish and self._usable(wish) else self._search()
        if port is None:
            raise NoFreePort(f"no free port in {self.lowest}-{self.highest}")
        return port

    def _this(self, number: int) -> int:
        if number in self._taken:
            raise NoFreePort(f"another task on this machine has port {number}")
        if not self._is_free(number):
            raise NoFreePort(f"port {number} is in use on this machine, or may not be listened on")
        return number

    def _search(self) -> int | None:
        for step in range(self.size):
            port = self.lowest + (self._next + step) % self.size
            if self._usable(port):
                self._next = (self._next + step + 1) % self.size
                return port
        return None

    def _usable(self, port: int) -> bool:
        in_range = self.lowest <= port <= self.highest
        return in_range and port not in self._taken and self._is_free(port)
