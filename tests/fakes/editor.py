"""An editor, as far as a language server can tell: JSON-RPC over the stdio of a process that it starts."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

SECONDS = 30.0
"""For an answer; a machine under load starts Python slowly."""


class Refused(Exception):
    """The server answered a request with an error."""


class Editor:
    """One session. Positions are ``(line, character)``, both from 0."""

    def __init__(self, process: asyncio.subprocess.Process, root: Path) -> None:
        self._process = process
        self._root = root
        self._ids = 0
        self._versions: dict[str, int] = {}
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._published: dict[str, asyncio.Queue[list[Any]]] = defaultdict(asyncio.Queue)
        self._reading = asyncio.create_task(self._read())
        self.capabilities: dict[str, Any] = {}

    async def initialize(self, encodings: Sequence[str] = ("utf-16",)) -> None:
        answer = await self.ask(
            "initialize",
            processId=None,
            rootUri=self._root.as_uri(),
            capabilities={
                "general": {"positionEncodings": list(encodings)},
                "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
            },
        )
        self.capabilities = answer["capabilities"]
        await self.tell("initialized")

    async def open(self, name: str, text: str | None = None) -> list[Any]:
        """Opens a file, with the text it has on disk if none is given; its diagnostics."""
        text = (self._root / name).read_text() if text is None else text
        self._versions[name] = 1
        document = {"uri": self.uri(name), "languageId": "bcl", "version": 1, "text": text}
        await self.tell("textDocument/didOpen", textDocument=document)
        return await self.diagnostics(name)

    async def type(self, name: str, text: str) -> None:
        """Replaces the text of an open file."""
        self._versions[name] += 1
        document = {"uri": self.uri(name), "version": self._versions[name]}
        await self.tell(
            "textDocument/didChange", textDocument=document, contentChanges=[{"text": text}]
        )

    async def change(self, name: str, text: str) -> list[Any]:
        """The same, and the diagnostics that follow."""
        await self.type(name, text)
        return await self.diagnostics(name)

    async def diagnostics(self, name: str) -> list[Any]:
        """The next diagnostics that are published about a file."""
        return await asyncio.wait_for(self._published[self.uri(name)].get(), SECONDS)

    async def at(self, method: str, name: str, place: tuple[int, int], **more: Any) -> Any:
        """Asks about a place in a file."""
        position = {"line": place[0], "character": place[1]}
        document = {"uri": self.uri(name)}
        return await self.ask(
            f"textDocument/{method}", textDocument=document, position=position, **more
        )

    async def ask(self, method: str, **params: Any) -> Any:
        """The result of a request; `Refused` if it is an error."""
        self._ids += 1
        future = self._answers[self._ids] = asyncio.get_running_loop().create_future()
        await self._send({"id": self._ids, "method": method, "params": params})
        return await asyncio.wait_for(future, SECONDS)

    async def tell(self, method: str, **params: Any) -> None:
        await self._send({"method": method, "params": params})

    def uri(self, name: str) -> str:
        return (self._root / name).as_uri()

    def name(self, uri: str) -> str:
        return uri.removeprefix(f"{self._root.as_uri()}/")

    async def close(self) -> int:
        """Ends the session; the exit status of the server."""
        await self.ask("shutdown")
        await self.tell("exit")
        status = await asyncio.wait_for(self._process.wait(), SECONDS)
        await self._reading
        return status

    def kill(self) -> None:
        self._reading.cancel()
        if self._process.returncode is None:
            self._process.kill()

    async def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while head := await self._process.stdout.readline():
            length = int(head.split(b":")[1])
            while (await self._process.stdout.readline()).strip():
                pass
            self._take(json.loads(await self._process.stdout.readexactly(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self._published[params["uri"]].put_nowait(params["diagnostics"])
        elif "method" not in message:
            future = self._answers.pop(message["id"])
            if "error" in message:
                future.set_exception(Refused(message["error"]["message"]))
            else:
                future.set_result(message.get("result"))


@asynccontextmanager
async def an_editor(
    command: Sequence[str], root: Path, encodings: Sequence[str] = ("utf-16",)
) -> AsyncIterator[Editor]:
    """An editor with ``root`` as its workspace, which has started ``command`` and been introduced to it."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=root,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    editor = Editor(process, root)
    try:
        await editor.initialize(encodings)
        yield editor
    finally:
        editor.kill()
        await process.wait()
