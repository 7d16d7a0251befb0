"""The parts of the documents that are made from the code: ``python -m tests.docs.generated`` writes them anew."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from borgpy.bcl.functions.reference import function_reference
from borgpy.bcl.limits import DEFAULT_LIMITS
from borgpy.bcl.linting import RULES
from borgpy.bcl.schema.document import field_reference
from borgpy.borglet import garbage, packages, restarts
from borgpy.borglet import launch as borglet_launch
from borgpy.borglet import server as borglet_server
from borgpy.cli.asked import LIMIT_FIELDS, LIMIT_FLAGS
from borgpy.master import apply_reports, due, evolve
from borgpy.model import limits, orders, policy, priority
from borgpy.model.lifecycle import PHASE_STATE, TRANSITIONS, TaskState
from borgpy.server import (
    checkpointer,
    commit,
    historian,
    package_store,
    passes,
    plan_entries,
    poller,
    recovery,
    route,
    settings,
)
from borgpy.store import engine
from tests.docs import scheduling

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md")))

_BLOCK = re.compile(
    r"(?P<begin><!-- made from the code: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)(?P<end><!-- end -->)",
    re.DOTALL,
)

SECOND_MS, HOUR_MS, DAY_MS = 1000, 3600 * 1000, 24 * 3600 * 1000


def lifecycle_picture() -> str:
    """The life cycle for those who see pictures."""
    lines = ["stateDiagram-v2"]
    lines += [
        f"    {_state(before) if before else '[*]'} --> {_state(after)}: {event.value}"
        for (before, event), after in TRANSITIONS.items()
    ]
    return _fenced("mermaid", lines)


def lifecycle_table() -> str:
    """The life cycle for those who read text."""
    rows = [
        (before.value if before else "(new)", event.value, after.value)
        for (before, event), after in TRANSITIONS.items()
    ]
    return _table(("from", "event", "to"), rows)


def phases() -> str:
    """The finer words inside each state."""
    rows = [
        (
            state.value,
            ", ".join(p.value.replace("_", " ") for p, of in PHASE_STATE.items() if of is state),
        )
        for state in TaskState
    ]
    return _table(("state", "phases"), rows)


def layers() -> str:
    """The layers as import-linter enforces them, the uppermost first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]
    parts = [
        [f"borgpy.{part.strip()}" for part in layer.split("|")] for layer in contract["layers"]
    ]
    return _fenced("text", ["   ".join(part) for part in parts])


def bands() -> str:
    rows = [
        (band.value, f"{lowest} to {highest}")
        for band, (lowest, highest) in priority.BAND_RANGES.items()
    ]
    return _table(("band", "priorities"), rows)


def retention() -> str:
    """How long what is kept, from the constants that say so."""
    rows = [
        (
            "answers to requests, by request id",
            f"{_time(evolve.ANSWERS_KEPT_MS)}, at most {evolve.ANSWERS_KEPT:,}",
        ),
        ("checkpoints", f"the newest {checkpointer.CHECKPOINTS_KEPT}"),
        (
            "journal",
            f"back to the oldest of these {checkpointer.CHECKPOINTS_KEPT} checkpoints",
        ),
        ("history of events", _time(historian.KEPT_MS)),
        ("history of usage", _time(historian.USAGE_KEPT_MS)),
        ("records of scheduling passes, in memory", f"the newest {passes.KEPT}"),
        ("dead tasks that nobody wants any more", _time(due.DEAD_KEPT_MS)),
        ("packages that no job names, at the Borgmaster", _time(package_store.KEPT_UNUSED_MS)),
        ("packages that no task needs, at a Borglet", _time(packages.UNUSED_MS)),
        (
            "sandboxes and logs of dead tasks, at a Borglet",
            f"{_time(garbage.KEPT_MS)}; beyond the newest {garbage.KEPT_MOST}, "
            f"{_time(garbage.KEPT_AT_LEAST_MS)}",
        ),
        (
            "each log stream of a task",
            f"{borglet_launch.SEGMENTS_KEPT} segments of {_size(borglet_launch.SEGMENT_BYTES)}",
        ),
    ]
    return _table(("what", "kept for"), rows)


def numbers() -> str:
    """The limits and paces an operator meets, each with its reason."""
    usual = settings.Settings(cell="", data=Path(), listen="", tokens=Path(), credential=Path())
    rows = [
        ("replicas of a job", f"{limits.MAX_REPLICAS:,}", "ten times the lecture's job"),
        ("CPU of a task", f"{limits.MAX_CPU_MILLIS // 1000:,} cores", "more is a slip of the pen"),
        ("RAM, disk of a task", f"{_size(limits.MAX_RAM_BYTES)}, {_size(limits.MAX_DISK_BYTES)}", "the same"),
        ("ports of a task", str(limits.MAX_PORTS), "a machine has some 12,000"),
        ("arguments and environment of a task", _size(limits.MAX_TEXT_BYTES), "what Linux hands over in one argument"),
        ("notice before SIGKILL", _time(limits.MAX_NOTICE_MS), "a task that goes must not hold its machine for longer"),
        ("a request body", _size(usual.max_body_bytes), "a job of the largest size stays far below"),
        ("a package", _size(usual.max_package_bytes), "it travels to every machine"),
        ("requests that wait for the journal", f"{commit.MAX_QUEUE:,}", "the wait would be seconds; then 503"),
        ("operations in one transaction", f"{commit.MAX_BATCH}, {_size(commit.MAX_BATCH_BYTES)}", "shares the sync, stays within tens of milliseconds"),
        ("placements in one operation", str(plan_entries.MAX_PLACEMENTS), "more would hold the event loop for over 20 ms"),
        ("plug-ins of a Borgmaster", str(policy.MAX_PLUGINS), "each is asked about every machine for each kind of request"),
        ("failure domains of a policy", str(policy.MAX_SPREAD), "the same, with counts for each"),
        ("a pass is spoken of after", _time(int(passes.PATIENCE_SECONDS * 1000)), "none takes as long, unless a plug-in hangs"),
        ("machines in one poll", str(orders.MAX_MACHINES_PER_POLL), "more would hold the event loop for over 20 ms"),
        ("polls at once", str(poller.MAX_POLLS_AT_ONCE), "not a crowd of open sockets"),
        ("a Borglet's reply", _size(poller.MAX_REPLY_BYTES), "500 machines with 100 tasks each need some 10 MB"),
        ("orders in one poll", _size(borglet_server.BODY_MOST), "the same the other way"),
        ("pause between polls", _time(usual.poll_interval_ms), "`--poll-interval-ms`; news is told at once"),
        ("a silent machine is lost after", f"{_time(usual.lost_after_ms)} and {settings.POLLS_MISSED} missed polls", "`--lost-after-ms`; several missed polls, as in the paper"),
        ("operations between checkpoints", f"{usual.checkpoint_every:,}", "`--checkpoint-every`; the rest of the journal is folded at a start"),
        ("the lease", _time(recovery.LEASE_MS), "Borg fails over in about ten seconds"),
        ("a long poll", _time(route.MAX_WAIT_MS), "proxies cut longer ones"),
        ("back-off of a task that exits", f"{_time(restarts.BACK_OFF_FIRST_MS)}, doubling up to {_time(restarts.BACK_OFF_MOST_MS)}", "its machine starts it again"),
        ("quick ends in a row", str(restarts.QUICK_FAILURES_ALLOWED), f"each within {_time(restarts.QUICK_MS)}; after them the machine gives the task back"),
        ("penalty after that", f"{_time(apply_reports.FIRST_PENALTY_MS)}, doubling up to {_time(apply_reports.LONGEST_PENALTY_MS)}", "then it is placed again"),
        ("machines a task avoids", str(evolve.AVOID_KEPT), "more would shut it out of a small cell"),
        ("wait for a lock of the database", _time(engine.LOCK_TIMEOUT_MS), "only a stalled disk keeps one longer"),
        ("one statement", _time(engine.STATEMENT_TIMEOUT_MS), "the read of a large checkpoint"),
    ]  # fmt: skip
    return _table(("what", "how much", "why"), rows)


def bcl_limits() -> str:
    rows = []
    for flag, (about, _) in LIMIT_FLAGS.items():
        default = getattr(DEFAULT_LIMITS, LIMIT_FIELDS.get(flag, flag))
        rows.append((about, f"{default:,}", f"`--max-{flag}`"))
    rows.append(("seconds of an evaluation", f"{DEFAULT_LIMITS.seconds:g}", "`--max-seconds`"))
    return _table(("at most", "so many", "raised by"), rows)


def lint_rules() -> str:
    """The rules of ``borgcfg lint``."""
    return _table(
        ("rule", "remarks on"), [(f"`{name}`", rule.about) for name, rule in RULES.items()]
    )


PARTS: Mapping[str, Callable[[], str]] = {
    "bcl-limits": bcl_limits,
    "lint-rules": lint_rules,
    "bcl-functions": function_reference,
    "bcl-fields": field_reference,
    "lifecycle-picture": lifecycle_picture,
    "lifecycle-table": lifecycle_table,
    "phases": phases,
    "layers": layers,
    "bands": bands,
    "retention": retention,
    "numbers": numbers,
    "policy-knobs": scheduling.policy_knobs,
    "scores-example": scheduling.scores_example,
    "plugin-example": scheduling.plugin_example,
}


def renewed(text: str) -> str:
    """The text of a document with every generated part as the code has it now."""
    text = scheduling.with_constants(text)
    return _BLOCK.sub(lambda found: found["begin"] + PARTS[found["name"]]() + found["end"], text)


def names_in(text: str) -> list[str]:
    """The generated parts that a document holds."""
    return [found["name"] for found in _BLOCK.finditer(text)]


def _state(state: TaskState) -> str:
    return state.value.capitalize()


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _fenced(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```", ""])


def _time(milliseconds: int) -> str:
    for unit, name in ((DAY_MS, "days"), (HOUR_MS, "h"), (60 * SECOND_MS, "min"), (SECOND_MS, "s")):
        if milliseconds % unit == 0 and (milliseconds >= 2 * unit or unit != DAY_MS):
            return f"{milliseconds // unit} {name}"
    return f"{milliseconds} ms"


def _size(count: int) -> str:
    for power, unit in (
        (60, "EiB"),
        (50, "PiB"),
        (40, "TiB"),
        (30, "GiB"),
        (20, "MiB"),
        (10, "KiB"),
    ):
        if count % (1 << power) == 0:
            return f"{count >> power} {unit}"
    return f"{count} B"


def main() -> None:
    for path in DOCUMENTS:
        path.write_text(renewed(path.read_text()))


if __name__ == "__main__":
    main()
