"""A new name everywhere, or a refusal where that would change what a file means."""

import pytest

from borgpy.bcl.editing.fields import field_at
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mentions import Mention
from borgpy.bcl.editing.places import Places
from borgpy.bcl.editing.rename import RenameRefused, Renaming
from borgpy.bcl.reading.parse import parse
from tests.unit.bcl.editing.reading import Project


def renamed(project: Project, new: str) -> dict[str, str]:
    """The files after the name at the cursor has become ``new``."""
    files = list(project.files.values())
    places = Places(files, Inheritance(project.imported))

    def is_fixed(mention: Mention) -> bool:
        return any(field_at(place) for place in places.of_field(mention))

    renaming = Renaming(files, project.imported, parse, is_fixed)
    edits = renaming.replacements(project.mention(), new)
    texts = {name: file.source.text for name, file in project.files.items()}
    for edit in sorted(edits, key=lambda edit: -edit.start):
        name = edit.file.source.name
        texts[name] = texts[name][: edit.start] + edit.text + texts[name][edit.end :]
    return texts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("‸a = 1\nb = a + a", "z = 1\nb = z + z", id="a field and its readers"),
        pytest.param("a = 1\nb = ‸a", "z = 1\nb = z", id="from a reader"),
        pytest.param("‸a = 1\nr = { a = 2, b = a }", "z = 1\nr = { a = 2, b = a }", id="not its namesake"),
        pytest.param("r = { local ‸k = 1, b = k }", "r = { local z = 1, b = z }", id="a local"),
        pytest.param("f = lambda ‸n: n\nx = f(n = 1)", "f = lambda z: z\nx = f(z = 1)", id="a parameter and its arguments"),
        pytest.param("x = [‸i for i in [1] if i > 0]", "x = [z for z in [1] if z > 0]", id="a name of a loop"),
        pytest.param("b = { ‸a = 1 }\nr = b { a = super.a }\nx = r.a", "b = { z = 1 }\nr = b { z = super.z }\nx = r.z", id="a field in all its layers"),
        pytest.param("b = { a = 1 }\nr = b { a = super.a }\nx = r.‸a", "b = { z = 1 }\nr = b { z = super.z }\nx = r.z", id="from an attribute"),
        pytest.param("r = { '‸x y' = 1 }\nx = r.'x y'", "r = { 'z' = 1 }\nx = r.'z'", id="a quoted name keeps its quotes"),
        pytest.param('‸a = 1\nx = f"{a} and {a + 1}"', 'z = 1\nx = f"{z} and {z + 1}"', id="within an f-string"),
        pytest.param("template ‸t = { }\njob j = t { }", "template z = { }\njob j = z { }", id="a template"),
        pytest.param("job j = { args = { ‸x = 1, y = x } }", "job j = { args = { z = 1, y = z } }", id="where any name may stand"),
        pytest.param("param ‸p: int = 1\nx = p", "param z: int = 1\nx = z", id="a parameter of the file"),
    ],
)  # fmt: skip
def test_what_a_new_name_changes(before: str, after: str) -> None:
    assert renamed(Project(before), "z")["main.borg"] == after


def test_files_that_import_it_are_changed_as_well() -> None:
    project = Project(
        'l = import "lib.borg"\njob j = l.web { ‸size = 2 }',
        lib="template web = { hidden size = 1, replicas = size }",
        far='x = (import "lib.borg").web { size = 3 }',
    )
    assert renamed(project, "scale") == {
        "main.borg": 'l = import "lib.borg"\njob j = l.web { scale = 2 }',
        "lib.borg": "template web = { hidden scale = 1, replicas = scale }",
        "far.borg": 'x = (import "lib.borg").web { scale = 3 }',
    }


@pytest.mark.parametrize(
    ("text", "new", "reason"),
    [
        pytest.param("‸a = 1", "if", "a word of the language", id="a reserved word"),
        pytest.param("‸a = 1", "1a", "no name", id="no name"),
        pytest.param("‸a = 1", "", "no name", id="nothing"),
        pytest.param("‸a = 1", "a b", "no name", id="a name that would need quotes"),
        pytest.param("x = ‸len([])", "z", "nothing that these files define", id="a built-in"),
        pytest.param("x = ‸nope", "z", "nothing that these files define", id="an unknown name"),
        pytest.param("job j = { ‸replicas = 1 }", "z", "what borgpy calls", id="a field of the schema"),
        pytest.param("job j = { requirements = { ‸RAM = 1G } }", "z", "what borgpy calls", id="one in capitals"),
        pytest.param("template t = { ‸replicas = 1 }\njob j = t { }", "z", "what borgpy calls", id="one in a template"),
        pytest.param("‸a = 1\nz = 2", "z", "already, at main.borg:2:1", id="a name that is taken"),
        pytest.param("b = { z = 1 }\nr = b { ‸a = 2 }", "z", "already, at main.borg:1:7", id="one that is inherited"),
        pytest.param("f = lambda ‸n, z: n", "z", "already, at main.borg:1:15", id="another parameter"),
        pytest.param("‸a = 1\nr = { z = 2, b = a }", "z", "mistaken at main.borg:2:18", id="a reader would see another"),
        pytest.param("z = 1\nr = { ‸a = 2, b = z }", "z", "mistaken at main.borg:2:18", id="it would be seen by another's reader"),
        pytest.param("‸a = 1\nf = lambda x: x.a", "z", "at main.borg:2:17 cannot be told", id="who knows whose field that is"),
        pytest.param("f = lambda ‸n: n\ng = lambda h: h(n = 1)", "z", "at main.borg:2:17 cannot be told", id="who knows whose argument"),
        pytest.param("r = { ‸a = 1 }\nk = 'b'\nx = r[k]", "z", "computed key", id="a computed key"),
        pytest.param("r = { ‸a = 1 }\nx = [k for k, v in r]", "z", "is data at main.borg:2:20", id="a loop over its record"),
        pytest.param("r = { ‸a = 1 }\nx = keys(r)", "z", "is data at main.borg:2:10", id="the names of a record"),
        pytest.param("r = { ‸a = 1 }\nx = 'a' in r", "z", "as text at main.borg:2:5", id="its name as text"),
        pytest.param("r = { a = ‸self }", "z", "nothing that these files define", id="a keyword"),
    ],
)  # fmt: skip
def test_what_is_not_renamed_and_why(text: str, new: str, reason: str) -> None:
    with pytest.raises(RenameRefused, match=reason):
        renamed(Project(text), new)
