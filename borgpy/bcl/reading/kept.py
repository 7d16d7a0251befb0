"""Syntax that is kept, so that a text which was parsed once is not parsed again."""

from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Protocol

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits

_HEADER = b"BCL syntax %d\n" % syntax.GRAMMAR_VERSION
_DIGEST = sha256().digest_size


class KeptSyntax(Protocol):
    """Where syntax is kept. It may forget, and give back rubbish: neither does harm."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...


def parse_kept(source: Source, store: KeptSyntax, limits: Limits = DEFAULT_LIMITS) -> syntax.File:
    """What `parse` gives, from the store if that has it. What cannot be parsed is not kept."""
    key = key_of(source.text, limits)
    kept = store.get(key)
    file = decode(kept) if kept is not None else None
    if file is None:
        from borgpy.bcl.reading.parse import parse  # who has everything kept needs no parser

        file = parse(source, limits)
        with suppress(RecursionError):  # only hostile files are too deep to be written down
            store.put(key, encode(file))
    return file


def key_of(text: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """What the syntax of a text is kept under: it says the same as often as it is parsed within the same limits."""
    bounds = f"{syntax.GRAMMAR_VERSION} {limits.source} {limits.nesting} {limits.string}\n"
    return sha256(bounds.encode() + text.encode("utf-8", "surrogatepass")).hexdigest()


def encode(file: syntax.File) -> bytes:
    """A file as bytes, with which `decode` can tell whether they are still the same."""
    body = msgspec.msgpack.encode(file)
    return _HEADER + sha256(body).digest() + body


def decode(kept: bytes) -> syntax.File | None:
    """The file, or `None` if the bytes are of another version, or damaged."""
    body = memoryview(kept)[len(_HEADER) + _DIGEST :]
    if kept[: len(_HEADER)] != _HEADER or sha256(body).digest() != kept[len(_HEADER) :][:_DIGEST]:
        return None
    try:
        return _decoder().decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


@cache
def _decoder() -> msgspec.msgpack.Decoder[syntax.File]:
    return msgspec.msgpack.Decoder(syntax.File)
