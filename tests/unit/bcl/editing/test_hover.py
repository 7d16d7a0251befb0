"""What is said about the thing under the cursor."""

import pytest

from borgpy.bcl.diagnostics import Source
from borgpy.bcl.editing.hover import Hover, number_text
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.places import Places
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.loading.program import MemoryFiles, load
from tests.unit.bcl.editing.reading import Project, with_cursor

JOB = "runtime = { cell = ic }, binary = /b"


def hover(text: str, *, evaluated: bool = True) -> str:
    project = Project(text)
    inheritance = Inheritance(project.imported)
    places = Places(project.files.values(), inheritance)
    result = evaluate(load(project.main.source, MemoryFiles({}))) if evaluated else None
    return Hover(inheritance, places, result).text(project.mention())


def test_a_field_of_a_job_shows_its_value_its_layers_and_its_schema() -> None:
    text = hover(
        f"template t = {{ {JOB}, requirements = {{ ram = 100M }} }}\n"
        "job web = t { requirements { ‸ram = super.ram * 4 } }"
    )
    assert text.startswith("```bcl\nram = super.ram * 4\n```")
    assert "**requirements.ram**: bytes, up to 1 PiB, 64MiB if left out" in text
    assert "Memory in whole bytes." in text
    assert "`job.web.requirements.ram`" in text
    assert "main.borg:2:" in text
    assert "super.ram * 4" in text
    assert "main.borg:1:" in text


def test_a_field_of_a_template_shows_what_it_is_in_those_that_extend_it() -> None:
    text = hover(
        f"template t = {{ {JOB}, ‸replicas = 1 }}\n"
        "job a = t { }\njob b = t { replicas = 2 }\njob c = t { }\njob d = t { }"
    )
    assert "`job.a.replicas`" in text
    assert "`job.b.replicas`" in text
    assert "`job.c.replicas`" in text
    assert "`job.d.replicas`" not in text


def test_without_an_evaluation_the_places_are_told() -> None:
    text = hover("b = { a = 1 }\nr = b { a = 2, c = self.‸a }", evaluated=False)
    assert text == "```bcl\na = 2\n```\n\n- main.borg:2:9\n- main.borg:1:7"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("local k = 1\nx = ‸k", "```bcl\nlocal k = 1\n```", id="a local"),
        pytest.param("param p: int = 3\nx = ‸p", "```bcl\nparam p: int = 3\n```", id="a parameter"),
        pytest.param("hidden h: int = 3\nx = ‸h", "```bcl\nhidden h: int = 3\n```", id="a hidden field"),
        pytest.param("f = [‸i for i in [1]]", "```bcl\nvariable i", id="a name of a loop"),
        pytest.param("local f = lambda n = 2: ‸n\nx = f()", "```bcl\nparameter n = 2", id="a parameter of a lambda"),
        pytest.param("x = ‸len([])", "```bcl\nlen(value)\n```", id="a built-in function"),
        pytest.param("a = 1\nr = { b = ‸up.a }", "`up`: the record around", id="a keyword"),
        pytest.param("x = 1\ny = ‸x", "`x`", id="a field of the file"),
    ],
)  # fmt: skip
def test_what_is_shown(text: str, shown: str) -> None:
    assert shown in hover(text)


def test_about_what_is_unknown_nothing_is_said() -> None:
    assert hover("job j = { runtime = { cell = ‸ic }, binary = /b }") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ram = 10‸0M", "100,000,000 = 95.4 MiB"),
        ("ram = ‸1GiB", "1,073,741,824 B = 1 GiB"),
        ("grace = 1.5h‸", "5,400 s"),
        ("cpu = 2‸50m", "0.25"),
        ("grace = 3‸0s", ""),
        ("n = 1‸2", ""),
        ("‸n = 1k", ""),
    ],
)
def test_what_a_number_comes_to(text: str, shown: str) -> None:
    source, offset = with_cursor(text)
    assert number_text(Source("main.borg", source.text), offset) == shown
