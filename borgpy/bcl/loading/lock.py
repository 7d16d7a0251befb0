"""The lock of a project: which content each imported file has to have, in a form that ``sha256sum -c`` reads, too."""

import re
from collections.abc import Collection, Iterable, Mapping

from borgpy.bcl.diagnostics import Fault, Source, Spot
from borgpy.bcl.loading.program import Program

HEADING = "# What the job files here import. Made by: borgcfg lock FILE...\n"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")


def read_lock(source: Source) -> dict[str, str]:
    """The sha256 of each locked path; a `Fault` at the line that is no entry."""
    entries: dict[str, str] = {}
    start = 0
    for line in source.text.splitlines(keepends=True):
        entry = line.rstrip()
        spot = Spot(source, start, start + len(entry))
        start += len(line)
        if not entry or entry.startswith("#"):
            continue
        match = _LINE.fullmatch(entry)
        if match is None:
            raise Fault("import", spot, "this is no entry of a lock: SHA256, two blanks, PATH")
        if entries.setdefault(match[2], match[1]) != match[1]:
            raise Fault("import", spot, f"{match[2]} is locked twice, with different contents")
    return entries


def lock_text(entries: Mapping[str, str]) -> str:
    """The file that holds ``entries``: in the order of their paths, so that changes are easy to see and to merge."""
    return HEADING + "".join(f"{entries[path]}  {path}\n" for path in sorted(entries))


def imported(programs: Iterable[Program]) -> dict[str, str]:
    """The files that programs import, and the content they have."""
    return {
        path: module.sha256
        for program in programs
        for path, module in program.modules.items()
        if path != program.main
    }


def renewed(
    entries: Mapping[str, str], found: Mapping[str, str], existing: Collection[str]
) -> dict[str, str]:
    """A lock with what was found now. What other job files import stays locked as long as it is there."""
    kept = {path: digest for path, digest in entries.items() if path in existing}
    return {**kept, **found}
