"""BCL: how long configurations of the usual and of the unusual kind take, in CPU time.

``ms`` is the whole of 1,000 lines, 200 jobs by inheritance: parsed, evaluated, checked and encoded as JSON. The other
sizes are named by what they are; ``cached`` means that the syntax is read back from where it is kept, instead of parsed.
``start_ms`` is the whole process of ``borgcfg validate hello_world.borg``, user and system time together. Every figure is
the median over the rounds. Hostile inputs run once each, in processes of their own, which report CPU seconds and peak
memory for everything, the start of Python included.

In process, Python's collector is off, as it is while `borgcfg` evaluates (cli/evaluating.py): what it would look through is
wanted until the command ends. A program that evaluates and goes on pays for one collection afterwards, about a third more.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.bcl_hostile import HOSTILE
from benchmarks.bcl_inputs import jobs_by_inheritance, records_by_loop
from benchmarks.bcl_worse import WORSE
from benchmarks.frame import Metrics, run
from borgpy.bcl import BclError, evaluate_text
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.loading.program import load
from borgpy.bcl.reading.kept import parse_kept

SMALL_JOBS, LARGE_JOBS, RECORDS = 200, 4_000, 10_000
ALL_HOSTILE = {**HOSTILE, **WORSE}
HOSTILE_SECONDS = 60.0
"""When a hostile input has had its time, whatever it does."""

HELLO_WORLD = Path(__file__).parent.parent / "jobspecs" / "hello_world.borg"


class CpuWatch:
    """Milliseconds of CPU time that this process has used since it was made."""

    def __init__(self) -> None:
        self._start = time.process_time()

    def ms(self) -> float:
        return round(1000 * (time.process_time() - self._start), 3)


class Phases(msgspec.Struct, frozen=True):
    """Where the time of one evaluation went, in milliseconds."""

    parse: float
    load: float
    evaluate: float
    encode: float

    @property
    def cold(self) -> float:
        return self.parse + self.evaluate + self.encode

    @property
    def cached(self) -> float:
        return self.load + self.evaluate + self.encode


def phases(text: str) -> Phases:
    """One evaluation of ``text``, phase by phase; its syntax is also read back from where it is kept."""
    source, store = Source("main.borg", text), Memory()
    gc.collect()
    gc.disable()
    try:
        return _phases(source, store)
    finally:
        gc.enable()


def _phases(source: Source, store: "Memory") -> Phases:
    watch = CpuWatch()
    program = load(source)
    parsed = watch.ms()
    parse_kept(source, store)
    watch = CpuWatch()
    program = load(source, parser=lambda source, limits: parse_kept(source, store, limits))
    loaded = watch.ms()
    watch = CpuWatch()
    result = evaluate(program).plain()
    evaluated = watch.ms()
    watch = CpuWatch()
    msgspec.json.encode(result)
    return Phases(parsed, loaded, evaluated, watch.ms())


class Memory(dict[str, bytes]):
    """A store of kept syntax that costs nothing to read."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value


def medians(text: str, rounds: int) -> Phases:
    each = [msgspec.structs.asdict(phases(text)) for _ in range(rounds)]
    return Phases(**{name: statistics.median(one[name] for one in each) for name in each[0]})


def start_ms(rounds: int) -> float:
    """The median CPU time of ``borgcfg validate hello_world.borg``; the first run fills the caches."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": home, "HOME": home}
        command = [str(Path(sys.executable).with_name("borgcfg")), "validate", str(HELLO_WORLD)]
        times = [process_ms(command, environment) for _ in range(rounds + 1)]
    return statistics.median(times[1:])


def process_ms(command: list[str], environment: dict[str, str]) -> float:
    """The CPU time of a process and all it started."""
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return round(1000 * (usage.ru_utime + usage.ru_stime), 3)


class Ending(msgspec.Struct, frozen=True):
    """How a hostile input ended: the class of the error, or ``ok``; or ``killed`` if it did not."""

    outcome: str
    seconds: float
    megabytes: float


def ending(name: str) -> Ending:
    """Evaluates one hostile input in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bcl", "--only", name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=HOSTILE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Ending("killed", HOSTILE_SECONDS, 0)
    if done.returncode:
        lines = done.stderr.splitlines() or [f"status {done.returncode}"]
        return Ending(f"CRASHED: {lines[-1]}", 0, 0)
    return msgspec.json.decode(done.stdout, type=Ending)


def evaluate_hostile(name: str) -> Ending:
    """What a child does. Peak memory is this process's own: what the parent used before the fork counts for nothing."""
    text = ALL_HOSTILE[name]()
    outcome = "ok"
    try:
        evaluate_text(text)
    except BclError as error:
        outcome = error.code
    status = Path("/proc/self/status").read_text()
    peak_kilobytes = int(status.partition("VmHWM:")[2].split()[0])
    return Ending(outcome, round(time.process_time(), 2), round(peak_kilobytes / 1000, 1))


def hostile() -> dict[str, float | str]:
    endings = {name: ending(name) for name in ALL_HOSTILE}
    slowest = max(endings, key=lambda name: endings[name].seconds)
    largest = max(endings, key=lambda name: endings[name].megabytes)
    found: dict[str, float | str] = {
        f"hostile: {name}": f"{end.outcome}, {end.seconds:.2f} s, {end.megabytes:.0f} MB"
        for name, end in endings.items()
    }
    return found | {
        "hostile_max_s": endings[slowest].seconds,
        "hostile_slowest": slowest,
        "hostile_max_mb": endings[largest].megabytes,
        "hostile_largest": largest,
        "hostile_crashed": sum(
            end.outcome.startswith(("CRASHED", "killed")) for end in endings.values()
        ),
    }


def measure(options: argparse.Namespace) -> Metrics:
    phases(jobs_by_inheritance(2))  # the imports, and the grammar
    small = medians(jobs_by_inheritance(SMALL_JOBS), options.rounds)
    large = medians(jobs_by_inheritance(LARGE_JOBS), options.rounds)
    loop = medians(records_by_loop(RECORDS), options.rounds)
    found: dict[str, float | int | str] = {
        "ms": round(small.cold, 1),
        "cached_ms": round(small.cached, 1),
        "large_ms": round(large.cold, 1),
        "large_cached_ms": round(large.cached, 1),
        "loop_ms": round(loop.cold, 1),
        "start_ms": start_ms(options.rounds),
    }
    for prefix, of in (("", small), ("large_", large), ("loop_", loop)):
        for phase, ms in msgspec.structs.asdict(of).items():
            found[f"{prefix}{phase}_ms"] = ms
    return found if options.no_hostile else found | hostile()


def flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("bcl", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-hostile", action="store_true", help="leave the hostile inputs out")
    parser.add_argument("--only", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def main() -> None:
    options, _ = flags().parse_known_args()
    only = getattr(options, "only", "")
    if only:
        print(msgspec.json.encode(evaluate_hostile(only)).decode())
    else:
        run(flags(), measure)


if __name__ == "__main__":
    main()
