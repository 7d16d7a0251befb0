"""Rules about how a file is written: what reads as one thing and means another."""

import re
from collections.abc import Iterator

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Details, Spot
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.mentions import Kind
from borgpy.bcl.linting.nodes import nodes_of
from borgpy.bcl.linting.remarks import Remark, comments, line_beginnings, remark

_DIVISOR = re.compile(r"(?P<number>-?\d[\w.]*)|(?P<name>[A-Za-z_]\w*)(?:\.\w+)*")
_OPERAND_END = re.compile(r"""[\w)\]'"]\Z""")


def divisions(index: Index) -> Iterator[Remark]:
    """``7 // 2`` is 7."""
    text = index.source.text
    defined = {m.name for m in index.mentions if m.kind in (Kind.FIELD, Kind.VARIABLE)}
    for start, end in comments(text):
        if not text.startswith("//", start):
            continue
        before = text[index.source.line_start(start) : start].rstrip()
        divisor = _DIVISOR.fullmatch(text[start + 2 : end].strip())
        if divisor is None or not _OPERAND_END.search(before):
            continue
        name = divisor["name"]
        if name and name not in defined:
            continue
        details = Details(
            label="'//' begins a comment",
            help="write floor(a / b) for a division without remainder, '#' for such a comment",
        )
        spot = Spot(index.source, start, end)
        yield remark("comment-as-division", spot, "this divides by nothing", details)


def extensions(index: Index) -> Iterator[Remark]:
    """A ``{`` that begins a line still belongs to the value before it."""
    source = index.source
    beginnings = line_beginnings(source.text)
    for node in nodes_of(index.file):
        if not isinstance(node, syntax.Postfix):
            continue
        for step in node.steps:
            if not isinstance(step, syntax.Extend):
                continue
            if step.start in beginnings:
                spot = Spot(source, step.start, step.start + 1)
                line, _ = source.position(node.start)
                message = f"this extends the value that begins in line {line}"
                details = Details(help="put the '{' behind the value it extends")
                yield remark("extension-on-new-line", spot, message, details)


def modulos(index: Index) -> Iterator[Remark]:
    """``a %b% c`` is ``a % b % c``."""
    for node in nodes_of(index.file):
        if not isinstance(node, syntax.Chain):
            continue
        for first, second in zip(node.steps, node.steps[1:], strict=False):
            word = first.operand
            if not isinstance(word, syntax.Name) or not first.operator == second.operator == "%":
                continue
            if (first.end, word.end) == (word.start, second.start):
                spot = Spot(index.source, first.start, second.end)
                details = Details(help=f'quote text with a placeholder: "..%{word.word}%.."')
                yield remark("modulo-as-placeholder", spot, "these are two modulos", details)


def constants(index: Index) -> Iterator[Remark]:
    """A condition that nothing can change."""
    for node in nodes_of(index.file):
        condition = getattr(node, "condition", None)
        if isinstance(condition, syntax.Constant) and isinstance(condition.value, bool):
            spot = Spot(index.source, *condition.where)
            always = "always" if condition.value else "never"
            yield remark("constant-condition", spot, f"this {always} holds")
