"""What docs/SCHEDULING.md names is there, and what it quotes is so: scores, vetoes, constraints, knobs, constants."""

import re
from typing import get_args

from borgpy.model.cell import Cell
from borgpy.model.constraints import Constraint
from borgpy.model.declared.constraint import Word
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Packing, Policy
from borgpy.model.policy_text import changed, texts_of
from borgpy.scheduling.placing import FEW
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.schedule import schedule_pass
from borgpy.server.metrics import Metrics
from borgpy.server.passes import PATIENCE_SECONDS
from borgpy.server.scheduler_loop import GATHER_SECONDS
from tests.docs.scheduling import CONSTANT, PROSE, TEXT, part, with_constants
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job


def first_cells(text: str) -> set[str]:
    """What stands as code in the first column of tables."""
    return {
        name
        for line in text.splitlines()
        if line.startswith("|")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def test_every_packing_score_has_its_formula_and_nothing_else_has() -> None:
    formulas = part("Packing scores").split("**Two machines.**")[0]
    assert first_cells(formulas) == {score.value for score in Packing}


def test_every_kind_of_veto_is_named() -> None:
    named = set(re.findall(r"`([a-z_]+)`", part("2. What a task can ask for")))
    assert {kind.value for kind in VetoKind} <= named


def test_every_constraint_is_in_the_table_by_rule_and_by_operator() -> None:
    rules = {rule.__name__ for rule in get_args(Constraint)}
    assert first_cells(part("3. Constraints")) == rules | set(get_args(Word))


def test_the_terms_have_the_defaults_of_the_policy() -> None:
    told = re.findall(r"\| `(\w+)` = (\S+) \|$", part("4. The score"), re.MULTILINE)
    defaults = texts_of(Policy())
    assert dict(told) == {name: defaults[name] for name, _ in told}
    weights = {"packing", "soft", "spread", "locality", "mixing", "runtime", "plugin"}
    assert {name for name, _ in told} == weights


def test_settings_that_are_recommended_can_be_made() -> None:
    lines = re.findall(r"borgcfg cell config (--set [^`\n]*)", TEXT)
    assert len(lines) > 5
    for line in lines:
        settings = line.split()[1::2]
        if settings != ["KNOB=VALUE"]:
            assert changed(Policy(), settings) != Policy()


def test_constants_that_are_quoted_are_those_of_the_code() -> None:
    assert len(CONSTANT.findall(TEXT)) > 10
    assert with_constants(TEXT) == TEXT, "run: python -m tests.docs.generated"
    assert with_constants("`FEW` (0), `LIKE_THIS` (2)") == f"`FEW` ({FEW}), `LIKE_THIS` (1)"


def test_times_that_are_quoted_are_those_of_the_code() -> None:
    assert f"it begins {GATHER_SECONDS * 1000:g} ms after" in PROSE
    assert f"names it after {PATIENCE_SECONDS:g} seconds" in PROSE


def test_phases_and_metrics_that_are_named_exist() -> None:
    recorder = Recorder()
    snapshot = a_cell(a_machine(), pending=(a_pending_job(),))
    plan = schedule_pass(snapshot, Policy(), 1, recorder=recorder)
    phases = [name for name, _ in recorder.record(snapshot, plan).phases]
    assert phases == re.findall(r"the phase `(\w+)`", TEXT)
    families = re.findall(r"^# TYPE (\w+)", Metrics().text(Cell("ic"), 0).decode(), re.MULTILINE)
    assert set(re.findall(r"`(borg_[a-z_]+)", TEXT)) <= set(families)
