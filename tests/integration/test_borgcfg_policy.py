"""`borgcfg cell config` and `borgcfg cell passes`: what they show, send and say."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from borgpy.model.api import PassesView, PassView, PolicyView, ProblemDetails
from borgpy.model.passes import PassRecord
from borgpy.model.policy import BEST_FIT, Domain, Packing, Part, Policy
from borgpy.model.policy_text import KNOBS
from borgpy.model.refusal import Accepted, Problem
from tests.fakes.borgmaster import FakeBorgmaster
from tests.integration.borgcfg_lines import CommandLine


@pytest.fixture
def fake() -> Iterator[FakeBorgmaster]:
    master = FakeBorgmaster()
    master.policy = PolicyView(3, Policy(sample=500), ("gold",))
    master.accepted = Accepted(seq=9, version=4)
    with master.serving():
        yield master


@pytest.fixture
def shell(
    fake: FakeBorgmaster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    shell = CommandLine(tmp_path, monkeypatch, capsys)
    shell.knows(fake)
    return shell


def sent(fake: FakeBorgmaster) -> tuple[dict[str, str], Policy]:
    """The query and the policy of the one change that was asked for."""
    (seen,) = fake.asked("PUT", "/v1/policy")
    return seen.query, msgspec.json.decode(seen.body, type=Policy)


def test_every_knob_is_shown_beside_its_default(shell: CommandLine) -> None:
    said = shell.types("cell", "config")
    rows = [line.split() for line in said.out.splitlines()]
    assert rows[0] == ["KNOB", "VALUE", "DEFAULT"]
    assert [row[0] for row in rows[1:]] == list(KNOBS)
    assert ["sample", "500", "0"] in rows
    assert said.err == "version 3, plug-ins: gold\n"
    assert "how well a task fits on a machine" in shell.types("cell", "config", "-o", "wide").out


def test_as_json_it_is_whole_and_can_be_given_back(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    said = shell.types("cell", "config", "-o", "json")
    shown = said.json()
    assert (shown["version"], shown["plugins"]) == (3, ["gold"])
    assert shown["policy"].keys() == KNOBS.keys()
    assert shown["policy"]["packing"] == [["hybrid", 100]]
    (shell.home / "policy.json").write_text(said.out)
    assert shell.types("cell", "config", "--file", "policy.json").code == 0
    assert sent(fake) == ({"if_version": "3"}, Policy(sample=500))


def test_knobs_are_turned_and_the_difference_is_told(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    said = shell.types(
        *("cell", "config", "--set", "packing=hybrid:70,cpu_packer:30"),
        *("--set", "spread=rack:5", "--set", "spread.rack=7"),
    )
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "packing: hybrid -> hybrid:70,cpu_packer:30",
        f"spread: {','.join(f'{d.attribute}:{d.weight}' for d in Policy().spread)} -> rack:7",
        "the policy is now version 4",
    ]
    packing = (Part(Packing.HYBRID, 70), Part(Packing.CPU_PACKER, 30))
    expected = Policy(packing=packing, spread=(Domain("rack", 7),), sample=500)
    assert sent(fake) == ({"if_version": "3"}, expected)


def test_a_dry_run_is_asked_for_and_says_so(shell: CommandLine, fake: FakeBorgmaster) -> None:
    said = shell.types("cell", "config", "--reset", "--dry-run", "--if-version", "2")
    assert said.out.splitlines() == ["sample: 500 -> 0", "the policy would be version 4"]
    assert sent(fake) == ({"if_version": "2", "dry_run": "1"}, Policy())


def test_the_change_as_json(shell: CommandLine) -> None:
    answer = shell.types("cell", "config", "--set", "sample=1", "-o", "json").json()
    assert answer["changes"] == [{"knob": "sample", "before": "500", "after": "1"}]
    assert (answer["version"], answer["policy"]["sample"]) == (4, 1)


def test_a_file_alone_is_the_whole_policy_and_knobs_come_on_top(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    (shell.home / "p.json").write_text('{"packing": [["best_fit", 100]]}')
    said = shell.types("cell", "config", "--file", "p.json", "--set", "soft=1")
    assert said.code == 0
    assert sent(fake)[1] == msgspec.structs.replace(BEST_FIT, soft=1)


def test_what_is_so_already_is_told(shell: CommandLine, fake: FakeBorgmaster) -> None:
    fake.accepted = Accepted(seq=9, version=3)
    said = shell.types("cell", "config", "--set", "sample=500")
    assert said.out == "nothing changes: the policy has been so since version 3\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "gone.json cannot be read: No such file or directory"),
        ("{", "gone.json holds no policy: "),
        ("\x00\x01", "gone.json holds no policy: "),
        ('{"sampel": 3}', "unknown field `sampel`"),
        ('{"policy": {"sample": "many"}}', "Expected `int`, got `str` - at `$.policy.sample`"),
        ('["policy"]', "gone.json holds no policy: "),
    ],
)
def test_a_file_that_holds_no_policy(
    shell: CommandLine, fake: FakeBorgmaster, content: str | None, message: str
) -> None:
    if content is not None:
        (shell.home / "gone.json").write_text(content)
    said = shell.types("cell", "config", "--file", "gone.json")
    assert said.code == 4
    assert message in said.err
    assert not fake.asked("PUT")


def test_a_mistyped_knob_names_what_is_near(shell: CommandLine, fake: FakeBorgmaster) -> None:
    said = shell.types("cell", "config", "--set", "smaple=3")
    assert said.code == 4
    assert "there is no knob 'smaple'" in said.err
    assert "did you mean sample?" in said.err
    assert shell.types("cell", "config", "--reset", "--file", "x").code == 4
    assert not fake.asked("PUT")


def test_what_the_borgmaster_refuses_is_told_knob_by_knob(
    shell: CommandLine, fake: FakeBorgmaster
) -> None:
    problem = Problem("soft", "-1 is outside 0 to 10,000")
    fake.answers["PUT"] = [
        ProblemDetails("the policy cannot be used", 400, "invalid", fields=(problem,)),
        ProblemDetails("the policy was changed by somebody else", 409, "conflict"),
    ]
    said = shell.types("cell", "config", "--set", "soft=-1")
    assert said.code == 4
    assert "  soft: -1 is outside 0 to 10,000" in said.err
    assert shell.types("cell", "config", "--set", "soft=1").code == 6


def test_passes_are_a_table_the_newest_last(shell: CommandLine, fake: FakeBorgmaster) -> None:
    record = PassRecord(
        seq=70,
        seed=1,
        machines=10_000,
        jobs=2,
        tasks=12,
        classes=2,
        scored=20_000,
        cache_hits=7,
        placed=11,
        unplaced=1,
        faults=("plug-in gold: KeyError: 'x'", "plug-in gold: KeyError: 'x'"),
        phases=(("score", 2_500_000), ("place", 1_000_000)),
    )
    first = PassView(0, 1_000_000, PassRecord(7, 1), trouble="ValueError: no")
    fake.passes = PassesView((first, PassView(0, 4_000_000, record, stale=1)), 12_300, "gold")
    said = shell.types("cell", "passes", "--utc")
    rows = said.out.splitlines()
    assert rows[0].split()[:4] == ["WHEN", "SEQ", "MACHINES", "PENDING"]
    assert rows[1].endswith("1.0ms  ValueError: no")
    assert rows[2].split() == [
        *("1970-01-01T00:00:00.000Z", "70", "10,000", "12", "11", "1", "1", "2", "20,000", "7"),
        *("4.0ms", "score", "2.5ms,", "place", "1.0ms"),
    ]
    assert said.err.splitlines() == [
        "sequence 70: plug-in gold: KeyError: 'x'",
        "a pass has been running for 12.3 s, and waits for the plug-in gold",
    ]
    assert len(shell.types("cell", "passes", "-n", "1", "--no-headers").out.splitlines()) == 1
    assert json.loads(shell.types("cell", "passes", "-o", "json").out)["asking"] == "gold"


def test_without_a_pass_it_says_so(shell: CommandLine) -> None:
    assert shell.types("cell", "passes").out == "no pass yet\n"
