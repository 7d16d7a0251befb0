"""The rule about jobs of several files."""

from collections.abc import Iterator, Sequence

from borgpy.bcl.diagnostics import Details, Source, Spot
from borgpy.bcl.evaluate import Declared
from borgpy.bcl.linting.remarks import Remark, Silence, remark


class DeclaredJobs:
    """What a file declares."""

    def __init__(self, source: Source, declared: Sequence[Declared]) -> None:
        self.source = source
        self.jobs = [each for each in declared if each.kind in ("job", "service")]


def duplicate_jobs(files: Sequence[DeclaredJobs]) -> Iterator[Remark]:
    """Jobs of one name in one cell for one user: the files would take turns in changing them."""
    first: dict[tuple[object, ...], Spot] = {}
    for file in files:
        silence = Silence(file.source)
        for job in file.jobs:
            value, spot = job.checked.value, job.checked.spot
            runtime = value.get("runtime")
            cell = runtime.get("cell") if isinstance(runtime, dict) else None
            known = first.setdefault((cell, value.get("user"), job.name), spot)
            if known.source is spot.source:
                continue
            details = Details(notes=(f"the other one is at {known}",))
            message = f"another file declares the job {job.name}, too"
            found = remark("duplicate-job", spot, message, details)
            if not silence.covers(found):
                yield found
