"""What every benchmark shares: its flags, one run, and a last line that programs can read.

The last line is ``{"name", "params", "metrics", "machine"}`` with ``--json``; without, a table for people.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Metrics = Mapping[str, float | int | str]


class Stopwatch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def ms(self) -> float:
        return round(1000 * (time.perf_counter() - self._start), 3)


def run(
    flags: argparse.ArgumentParser,
    measure: Callable[[argparse.Namespace], Metrics],
    arguments: Sequence[str] | None = None,
) -> None:
    """Parse ``arguments`` (the command line if left out), measure once, and print. ``flags.prog`` is the name."""
    flags.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    options = flags.parse_args(arguments)
    metrics = measure(options)
    params = {name: value for name, value in vars(options).items() if name != "json"}
    if options.json:
        result = {
            "name": flags.prog,
            "params": params,
            "metrics": dict(metrics),
            "machine": machine(),
        }
        print(json.dumps(result, default=str))
        return
    print(f"{flags.prog}  " + "  ".join(f"--{name} {value}" for name, value in params.items()))
    for name, value in metrics.items():
        print(f"  {name:<24} {value:,}" if not isinstance(value, str) else f"  {name:<24} {value}")


def machine() -> dict[str, str | int]:
    """Where it was measured: a figure means little without."""
    return {
        "cpus": os.cpu_count() or 0,
        "model": _cpu_model(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"
