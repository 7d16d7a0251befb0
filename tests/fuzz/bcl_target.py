"""What is fuzzed: bytes become a program, and everything that BCL promises about any program is checked of it.

The first byte tells how to read the rest: as the texts of a main file and of what it may import, or as the choices of
`tests.property.bcl_programs`, so that the fuzzer can go far into programs that are well-formed.
"""

import re
import time
from collections.abc import Iterator
from typing import get_args

from borgpy.bcl.diagnostics import BclError, Code, Source
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.explain import explain
from borgpy.bcl.limits import Limits
from borgpy.bcl.loading.program import MemoryFiles, load
from borgpy.bcl.reading.format import format_text
from borgpy.errors import InvalidConfig
from tests.property.bcl_programs import Program, Programs

CHOICES = 0xFF
"""The first byte of choices; any other is that of a text."""

BETWEEN = "\x1e"
"""Stands between the files of a program."""

FILES = ("lib/l.borg", "a.borg", "d.json")

LIMITS = Limits(
    steps=20_000,
    depth=100,
    items=300,
    string=400,
    output_nodes=1_000,
    output_bytes=5_000,
    nesting=40,
)
"""Small, so that a run is quick, and that a few bytes get to where the limits are."""

SECONDS = 5.0

_FIRST_LINE = re.compile(r"[^\n]+?:\d+:\d+: error\[([a-z]+)\]: [^\n]")


class Broken(Exception):
    """A promise that BCL did not keep."""


def check(data: bytes) -> None:
    """Raises whatever BCL should not."""
    begin = time.process_time()
    program = program_of(data)
    plain = value_of(program)
    if (took := time.process_time() - begin) > SECONDS:
        raise Broken(f"{took:.1f} seconds")
    try:
        formatted = format_text(Source("main.borg", program.main))
    except BclError as error:
        check_diagnosis(error)
        if plain is not None:
            raise Broken("it evaluates, and cannot be formatted") from error
        return
    if format_text(Source("main.borg", formatted)) != formatted:
        raise Broken("formatting twice is not formatting once")
    if value_of(Program(formatted, program.files)) != plain:
        raise Broken("formatting changes what it means")


def value_of(program: Program) -> object:
    """The result and the steps that it took; None for a mistake."""
    try:
        loaded = load(Source("main.borg", program.main), MemoryFiles(program.files), limits=LIMITS)
        evaluated = evaluate(loaded, limits=LIMITS)
    except BclError as error:
        check_diagnosis(error)
        return None
    plain = evaluated.plain()
    for name in list(plain)[:3]:
        try:
            explain(evaluated, name).render()
        except InvalidConfig:  # a name that a path cannot have
            continue
    return repr(plain)


def check_diagnosis(error: BclError) -> None:
    said = _FIRST_LINE.match(str(error))
    if said is None or said[1] != error.code or error.code not in get_args(Code):
        raise Broken(f"no diagnosis: {error}")
    if "\x1b" in str(error):
        raise Broken("control characters reach the terminal")


def program_of(data: bytes) -> Program:
    if data[:1] == bytes([CHOICES]):
        return damaged(data[1:])
    main, *files = data.decode(errors="replace").split(BETWEEN)
    return Program(main, dict(zip(FILES, files, strict=False)))


def damaged(choices: bytes) -> Program:
    """The program of these choices; the last few bytes, if they are not zero, cut a piece out of it."""
    left = iter(choices)
    program = Programs(_chooser(left), len(choices) // 3).program()
    at, length = next(left, 0) * 256 + next(left, 0), next(left, 0) % 16
    if not length:
        return program
    text = program.main
    at %= len(text)
    return Program(text[:at] + text[at + length :], program.files)


def _chooser(left: Iterator[int]):  # type: ignore[no-untyped-def]
    return lambda n: next(left, 0) % n


def encoded(main: str, files: dict[str, str]) -> bytes:
    """The bytes of a program whose files are among `FILES`."""
    texts = [main, *(files.get(name, "") for name in FILES)]
    while len(texts) > 1 and not texts[-1]:
        texts.pop()
    return BETWEEN.join(texts).encode()
