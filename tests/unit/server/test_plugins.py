"""Loading plug-ins by name, and what is said of those that cannot be loaded or are not there."""

from pathlib import Path

import pytest

from borgpy.errors import InvalidConfig
from borgpy.model.constraints import Exclusive
from borgpy.model.constraints import Plugin as PluginRule
from borgpy.server.plugins import PluginBook, load_plugins, named_in

SOURCE = """
import numpy as np

def everywhere(machines, job):
    return np.ones(len(machines), bool)

def with_a_default(machines, job, strength=1):
    return np.zeros(len(machines))

def of_one(machines):
    return None

class Kept:
    @staticmethod
    def here(machines, job):
        return np.ones(len(machines), bool)

NUMBER = 3
"""


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_plugins.py").write_text(SOURCE)
    (tmp_path / "my_broken.py").write_text("1/0\n")
    (tmp_path / "my_typo.py").write_text("def f(:\n")
    (tmp_path / "my_exit.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_functions_are_loaded_by_name() -> None:
    loaded = load_plugins(
        ["a=my_plugins:everywhere", " b = my_plugins:Kept.here ", "c=my_plugins:with_a_default"]
    )
    assert [(name, function.__name__) for name, function in loaded.items()] == [
        ("a", "everywhere"),
        ("b", "here"),
        ("c", "with_a_default"),
    ]
    assert load_plugins([]) == {}


@pytest.mark.parametrize(
    ("flag", "message", "hint"),
    [
        ("a", "it names no function", "NAME=package.module:function"),
        ("a=my_plugins", "it names no function", "NAME=package.module:function"),
        ("=my_plugins:everywhere", "'' is no name of a plug-in", "letters"),
        ("a b=my_plugins:everywhere", "'a b' is no name of a plug-in", "letters"),
        ("none=my_plugins:everywhere", "'none' is no name of a plug-in", "not 'none'"),
        ("a=no_such_module:f", "cannot be imported: ModuleNotFoundError", "PYTHONPATH"),
        ("a=my_broken:f", "my_broken cannot be imported: ZeroDivisionError", "PYTHONPATH"),
        ("a=my_typo:f", "my_typo cannot be imported: SyntaxError", "PYTHONPATH"),
        ("a=my_exit:f", "my_exit cannot be imported: SystemExit: 3", "PYTHONPATH"),
        ("a=..:f", "cannot be imported", "PYTHONPATH"),
        ("a=my_plugins:everywher", "has no 'everywher'", "did you mean everywhere?"),
        ("a=my_plugins:Kept.there", "has no 'there'", "did you mean here?"),
        ("a=my_plugins:NUMBER", "it is no function, but of type int", ""),
        ("a=my_plugins:of_one", "cannot be called with (machines, job)", "docs/SCHEDULING.md"),
    ],
)
def test_what_cannot_be_loaded_is_named(flag: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load_plugins([flag])
    assert caught.value.message.startswith(f"--plugin {flag}: ")
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_name_is_given_once_and_there_are_not_too_many() -> None:
    with pytest.raises(InvalidConfig, match="there is a plug-in 'a' already"):
        load_plugins(["a=my_plugins:everywhere"] * 2)
    with pytest.raises(InvalidConfig, match="17 plug-ins are more than 16"):
        load_plugins([f"p{n}=my_plugins:everywhere" for n in range(17)])


def test_who_names_one_that_is_not_there_hears_what_is_near() -> None:
    book = PluginBook(load_plugins(["gold=my_plugins:everywhere"]))
    (problem,) = book.problems("plugins", ["gold", "glod"])
    assert (problem.field, problem.got) == ("plugins", "glod")
    assert problem.message == "this Borgmaster has no plug-in 'glod'"
    assert problem.hint.startswith("did you mean gold?; write --plugin NAME=")
    assert named_in((Exclusive(), PluginRule(name="gold"))) == ["gold"]


def test_the_one_that_is_asked_is_known_also_when_it_fails() -> None:
    seen = []

    def failing(machines: object, job: object) -> None:
        seen.append(book.asking)
        raise KeyError("x")

    book = PluginBook({"gold": failing})  # type: ignore[dict-item]
    with pytest.raises(KeyError):
        book.plugins["gold"](None, None)  # type: ignore[arg-type]
    assert (seen, book.asking) == (["gold"], "")
