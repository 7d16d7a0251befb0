"""What the documents say, taken out of them: job specs, command lines, headings."""

import re
from collections.abc import Iterator, Sequence

import click

from borgpy.cli import borgcfg, borglet, borgmaster
from tests.docs.generated import DOCUMENTS, ROOT

PROGRAMS: dict[str, click.Command] = {
    "borgcfg": borgcfg.cli,
    "borgmaster": borgmaster.cli,
    "borglet": borglet.main,
}


def job_texts() -> Iterator[tuple[str, str]]:
    for spec in sorted((ROOT / "jobspecs").glob("*.borg")):
        yield spec.name, spec.read_text()
    for path in DOCUMENTS:
        text = path.read_text()
        for number, block in enumerate(fenced("borg", text)):
            yield f"{path.name}-{number}", block
        indented = re.findall(r"^    job .*?^    \}$", text, re.DOTALL | re.MULTILINE)
        for number, block in enumerate(indented):
            yield f"{path.name}-indented-{number}", block


def command_lines() -> Iterator[list[str]]:
    """Every line of a console or shell block, and every piece of inline code, that calls one of our programs."""
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    pieces = [*fenced("console", text), *fenced("sh", text)]
    pieces += re.findall(r"`(borgcfg [^`\n]*)`", text)
    for line in "\n".join(pieces).replace("\\\n", " ").splitlines():
        words = line.removeprefix("$ ").split("#")[0].split()
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words and words[0] in PROGRAMS:
            yield words


def does_something(words: Sequence[str]) -> bool:
    """Whether a line calls a command, rather than a group of them with a name that it does not know."""
    last = _path(words)[-1]
    is_short = "..." in words or all(word.startswith("-") for word in words[1:])
    return not isinstance(last, click.Group) or last.invoke_without_command or is_short


def flags_of(words: Sequence[str]) -> set[str]:
    """The flags that a line may carry: those of the command it calls and of those above it."""
    return {
        name
        for command in _path(words)
        for parameter in command.get_params(click.Context(command))
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def _path(words: Sequence[str]) -> list[click.Command]:
    found = [PROGRAMS[words[0]]]
    for word in words[1:]:
        command = found[-1]
        inner = (
            command.get_command(click.Context(command), word)
            if isinstance(command, click.Group)
            else None
        )
        if inner is not None:
            found.append(inner)
    return found


def fenced(language: str, text: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The names that links may use for the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
