"""Fuzzes BCL with atheris, guided by coverage: for developers, it is not among what the tests need.

    make fuzz SECONDS=600          # installs atheris into the environment, and runs it
    python -m tests.fuzz.fuzz_bcl --seconds 600 --corpus /tmp/corpus

New inputs are kept in the corpus; what breaks a promise is written to ``crash-...`` in the working directory and shown. To
see one again: ``python -m tests.fuzz.fuzz_bcl crash-...``. Keep what it was, as small as it gets, in
tests/unit/bcl/cases/found.py.
"""

import argparse
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["borgpy.bcl"]):
    import borgpy.bcl

    for module in pkgutil.walk_packages(borgpy.bcl.__path__, "borgpy.bcl."):
        importlib.import_module(module.name)

    from tests.fuzz import bcl_target

from borgpy.bcl.functions import BUILTINS
from borgpy.bcl.reading.literals import UNITS
from borgpy.bcl.syntax import KINDS, RESERVED
from tests.property.bcl_sources import every_source
from tests.unit.bcl.cases import every_case

MARKS = '{ } [ ] ( ) = : ; , . + - * / % == != <= >= += | ? // # /* */ \' " """ f" f\' {{ }} \\u0041 \\n'
FIELDS = "runtime cell binary args requirements ram cpu disk replicas priority health update env"
LONGEST = 4096
MEGABYTES = 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "bcl-corpus")
    parser.add_argument("crash", nargs="*", help="inputs to look at instead")
    asked = parser.parse_args()
    arguments = [sys.argv[0], *asked.crash]
    if not asked.crash:
        sow(asked.corpus)
        arguments += [
            str(asked.corpus),
            f"-dict={dictionary()}",
            f"-max_total_time={asked.seconds}",
            f"-max_len={LONGEST}",
            f"-rss_limit_mb={MEGABYTES}",
            "-timeout=10",
            "-print_final_stats=1",
        ]
    atheris.Setup(arguments, bcl_target.check)
    atheris.Fuzz()


def sow(corpus: Path) -> None:
    """Every program that lies around here, as the fuzzer's first inputs, and some choices."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, (_, text) in enumerate(every_source()):
        (corpus / f"source-{number}").write_bytes(text.encode(errors="replace")[:LONGEST])
    for number, (_, case) in enumerate(every_case()):
        files = dict(zip(bcl_target.FILES, map(str, case.files.values()), strict=False))
        if files:
            (corpus / f"files-{number}").write_bytes(bcl_target.encoded(case.source, files))
    for number in range(64):
        choices = bytes((number * 37 + at * at * 11 + at) % 251 for at in range(40 + 8 * number))
        (corpus / f"choices-{number}").write_bytes(bytes([bcl_target.CHOICES]) + choices)


def dictionary() -> Path:
    """The words of the language, as libFuzzer reads them."""
    words = [
        *RESERVED,
        *KINDS,
        *BUILTINS,
        *FIELDS.split(),
        *MARKS.split(),
        *(f"1{unit}" for unit in UNITS),
    ]
    words += [
        "%port%",
        "%port:http%",
        "%task%",
        bcl_target.BETWEEN,
        'import "a.borg"',
        'import "d.json"',
    ]
    lines = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words)
    path = Path(tempfile.gettempdir()) / "bcl.dict"
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return path


if __name__ == "__main__":
    main()
