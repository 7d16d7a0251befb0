"""The parts of docs/SCHEDULING.md that are made from the code: the knobs, the scores of an example, the plug-ins."""

import importlib
import pkgutil
import re
from pathlib import Path

from borgpy import scheduling
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.policy_text import KNOBS, texts_of
from borgpy.scheduling.feasibility import request_vector
from borgpy.scheduling.scoring import UNIT, Fit, packing
from borgpy.scheduling.snapshot import Snapshot
from borgpy.scheduling.standing import Standing
from borgpy.scheduling.worth import worth_of
from tests.property.naive_scores import frame_of
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, amounts

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PLUGINS = DOCS / "plugins"
TEXT = (DOCS / "SCHEDULING.md").read_text()
PROSE = " ".join(TEXT.split())

CONSTANT = re.compile(r"`([A-Z_]+)` \(([\d.,/]+)\)")


def part(heading: str) -> str:
    """From a heading to the next of any level."""
    return re.split(r"^#+ ", TEXT.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def with_constants(text: str) -> str:
    """The text with each ``NAME`` (number) as the scheduler has it now; what is right stays as it is written."""
    values = constants()

    def now(found: re.Match[str]) -> str:
        name, number = found.groups()
        top, _, bottom = number.replace(",", "").partition("/")
        value = values[name]
        same = float(top) / float(bottom or 1) == value
        return found[0] if same else f"`{name}` ({value:,})"

    return CONSTANT.sub(now, text)


def constants() -> dict[str, float]:
    """The constants of the scheduler by name."""
    values: dict[str, float] = {"LIKE_THIS": 1}
    for found in pkgutil.iter_modules(scheduling.__path__):
        module = importlib.import_module(f"borgpy.scheduling.{found.name}")
        values |= {name: value for name, value in vars(module).items() if name.isupper()}
    return values


def two_machines() -> Snapshot:
    """The example: of 8 cores and 32 GiB 4 and 24 are free on ``a``, 6 and 12 on ``b``; a task of 2 cores and 4 GiB."""
    return a_cell(
        a_machine("a", amounts(8, 32), amounts(4, 8)),
        a_machine("b", amounts(8, 32), amounts(2, 20)),
        pending=(a_pending_job(request=amounts(2, 4)),),
    )


def scores_of(snapshot: Snapshot, name: Packing) -> list[float]:
    """The packing score of each machine for a task of the one job that is pending."""
    policy, job = only(name), snapshot.pending[0]
    asked = request_vector(snapshot.dimensions, job.request).tolist()
    fit = Fit(
        frame_of(snapshot, snapshot.pending, policy),
        slice(None),
        [column.astype(float) for column in snapshot.free.T],
        [0.0] * len(asked),
        [float(amount) for amount in asked],
        worth=worth_of(Standing(snapshot), policy),
        devices=job.devices,
    )
    return [float(score) / UNIT for score in packing(policy, fit)]


def scores_example() -> str:
    rows = ["| score | `a` | `b` | goes to |", "| --- | --- | --- | --- |"]
    for name in Packing:
        first, second = scores_of(two_machines(), name)
        goes = "`a` (a tie)" if first == second else "`a`" if first < second else "`b`"
        rows.append(f"| `{name.value}` | {first:.4f} | {second:.4f} | {goes} |")
    return "\n".join(rows) + "\n"


def policy_knobs() -> str:
    rows = ["| knob | default | what it is | takes |", "| --- | --- | --- | --- |"]
    defaults = texts_of(Policy())
    rows += [
        f"| `{name}` | {defaults[name]} | {knob.about} | {knob.expected} |"
        for name, knob in KNOBS.items()
    ]
    return "\n".join(rows) + "\n"


def plugin_example() -> str:
    return f"```python\n{(PLUGINS / 'our_plugins.py').read_text()}```\n"
