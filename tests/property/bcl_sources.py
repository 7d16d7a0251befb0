"""Every BCL text that lies around here, and texts made up by the grammar: what laws of the language are tried on."""

import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from tests.unit.bcl.cases import every_case
from tests.unit.bcl.test_kept import EVERYTHING
from tests.unit.bcl.test_public_cases import CASES, written

ROOT = Path(__file__).parents[2]
GRAMMAR = ROOT / "docs" / "bcl.lark"
LONGEST = 20_000
"""Characters: the longer cases are about limits, and repeat themselves."""


@cache
def every_source() -> tuple[tuple[str, str], ...]:
    """All texts, right and wrong, each with its name."""
    sources: dict[str, str] = {"everything": EVERYTHING}
    for name, case in every_case():
        sources[name] = case.source
        sources |= {f"{name}: {file}": str(text) for file, text in case.files.items()}
    for published in CASES:
        sources[published["name"]] = written(published)
        sources.update(
            {f"{published['name']}: {f}": t for f, t in published.get("files", {}).items()}
        )
    for path in sorted((ROOT / "jobspecs").rglob("*.borg")):
        sources[str(path.relative_to(ROOT))] = path.read_text()
    for path in sorted(ROOT.glob("docs/*.md")):
        for number, block in enumerate(
            re.findall(r"```(?:bcl|borg)?\n(.*?)```", path.read_text(), re.DOTALL)
        ):
            sources[f"{path.name} {number}"] = block
    return tuple(
        (name, text)
        for name, text in sources.items()
        if len(text) <= LONGEST and not name.endswith(".json")
    )


_TOKENS = r"""
    a b x job service += == : ; , . { } [ ] ( ) + - * / % < <= != | ? and or not in if then else lambda for import
    local hidden final param assert self super up null true sha256 int 0 1 2.5 100M 1.5GiB 07 5Q "x" 'y' "a\n" f"" f"{a}"
    f'{b:03d}{{c}}' f"{f'{x}'}" f"{'y'}" \"""t\""" /b/x ../y ./z/%task%.so %port% %port:http% %p //c # /*e*/ /* ~ & ! $ " ' \\
    {for [k] up.up .if =
"""

texts_of_tokens = st.tuples(
    st.lists(st.sampled_from(_TOKENS.split()), max_size=30), st.sampled_from(["", " ", " ", "\n"])
).map(lambda drawn: drawn[1].join(drawn[0]))

_WORDS = ["job", "service", "alloc", "package", "template"]
_TERMINALS = {
    "NAME": st.sampled_from(["a ", "b ", "int ", "sha256 "]),
    "KIND": st.sampled_from([f"{word} " for word in _WORDS]),
    "NUMBER": st.sampled_from(["0 ", "7 ", "2.5 ", "100M ", "1KiB ", "30s ", "1e3 "]),
    "STRING": st.sampled_from(["'x' ", '"y z" ', '"""t\nu"""', r'"\u00e9\n" ']),
    "FSTRING": st.sampled_from(['f"a{b}" ', "f'{c:03d}{{d}}' ", 'f"""{ {e = 1}.e }""" ', 'f""']),
    "PATH": st.sampled_from(["/b ", "../c/d-e ", "./%task%.x "]),
    "PLACEHOLDER": st.sampled_from(["%port% ", "%port:http% "]),
    "COMMENT": st.sampled_from(["// c\n", "# d = {\n", "/* e } */"]),
    "BLANK": st.sampled_from([" ", "\n", "\n\n", "\t", "\r\n", "\n\n\n\n"]),
    "SHA256": st.just("sha256 "),
}


@cache
def grammatical_texts() -> st.SearchStrategy[str]:
    """Texts that the grammar makes; nearly all of them are right."""
    grammar = Lark(GRAMMAR.read_text(), parser="lalr", lexer="contextual", start="file")
    words = {
        terminal.name: st.just(re.match(r"[a-z]+", terminal.pattern.value)[0] + " ")  # type: ignore[index]
        for terminal in grammar.terminals
        if terminal.name not in _TERMINALS and terminal.pattern.value[0].isalpha()
    }
    return from_lark(grammar, start="file", explicit=_TERMINALS | words)
