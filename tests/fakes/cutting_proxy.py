"""A network between a client and PostgreSQL that can be cut exactly at a COMMIT."""

import socket
import threading
from enum import Enum
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


class Cut(Enum):
    """When the connection breaks."""

    NEVER = "never"
    BEFORE_COMMIT = "before commit"  # the server never hears of it
    AFTER_COMMIT = "after commit"  # the server commits, and the client never hears of that


class CuttingProxy:
    """Forwards every connection to its socket in ``folder`` to the server's in ``server``, until it is to cut."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.cut = Cut.NEVER
        self.folder = folder
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _SOCKET))
        self._listener.listen()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._spawn(self._accept)

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            _shut(each)
        for thread in self._threads:
            thread.join(10)
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server / _SOCKET))
            self._sockets += [client, server]
            self._spawn(self._forward, client, server)
            self._spawn(self._answer, client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        while sent := _received(client):
            cut = b"COMMIT" in sent and self.cut is Cut.BEFORE_COMMIT
            if cut or not _passed_on(sent, server):
                break
        _shut(client)
        _shut(server)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        while answered := _received(server):
            cut = b"COMMIT\0" in answered and self.cut is Cut.AFTER_COMMIT
            if cut or not _passed_on(answered, client):
                break
        _shut(client)
        _shut(server)

    def _spawn(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(1 << 16)
    except OSError:
        return b""


def _passed_on(message: bytes, to: socket.socket) -> bool:
    try:
        to.sendall(message)
    except OSError:
        return False
    return True


def _shut(either: socket.socket) -> None:
    try:
        either.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
