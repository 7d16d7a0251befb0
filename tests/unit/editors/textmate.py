"""A TextMate grammar applied to text, as editors do it: line by line, the first match wins, the end of a block before all."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

Rule = dict[str, Any]

MAX_MATCHES = 1_000_000
"""A grammar that goes on for longer than this on our small texts does not get any further."""


class Token(NamedTuple):
    """A stretch of text and the scopes that it is in, the outermost first."""

    start: int
    end: int
    scopes: tuple[str, ...]


class Block(NamedTuple):
    """A begin/end rule that is open."""

    rule: Rule
    scopes: tuple[str, ...]


class Grammar:
    """One grammar file. It may refer to itself, but to no other."""

    def __init__(self, path: Path) -> None:
        self.content: Rule = json.loads(path.read_text())

    def regexes(self) -> Iterator[str]:
        """Every regular expression in it."""
        pending: list[Any] = [self.content]
        while pending:
            piece = pending.pop()
            if isinstance(piece, dict):
                yield from (piece[key] for key in ("match", "begin", "end") if key in piece)
                pending += piece.values()
            elif isinstance(piece, list):
                pending += piece

    def includes(self) -> set[str]:
        """The names of all rules that are referred to."""
        return set(re.findall(r'"include": "#([^"]+)"', json.dumps(self.content)))

    def tokens(self, text: str) -> list[Token]:
        """The tokens of ``text``, blanks between them included, without gaps."""
        found: list[Token] = []
        stack = [Block(self.content, (self.content["scopeName"],))]
        start = 0
        for line in text.splitlines(keepends=True):
            found += (
                Token(start + first, start + last, scopes)
                for first, last, scopes in self._line(line, stack)
            )
            start += len(line)
        return [token for token in found if token.end > token.start]

    def scopes_at(self, text: str, offset: int) -> tuple[str, ...]:
        return next(t.scopes for t in self.tokens(text) if t.start <= offset < t.end)

    def _line(self, line: str, stack: list[Block]) -> Iterator[Token]:
        at = 0
        for _ in range(MAX_MATCHES):
            match, rule = self._next(line, at, stack[-1])
            inner = stack[-1].scopes + _named(stack[-1].rule.get("contentName"))
            if match is None:
                yield Token(at, len(line), inner)
                return
            yield Token(at, match.start(), inner)
            if rule is None:
                block = stack.pop()
                yield from self._captured(match, block.rule, "endCaptures", block.scopes)
            else:
                scopes = inner + _named(rule.get("name"))
                if "begin" in rule:
                    yield from self._captured(match, rule, "beginCaptures", scopes)
                    stack.append(Block(rule, scopes))
                else:
                    yield from self._captured(match, rule, "captures", scopes)
                    assert match.end() > at, f"{rule['match']} matches nothing"
            at = match.end()
        raise AssertionError("the grammar goes round in circles")

    def _next(self, line: str, at: int, block: Block) -> tuple[re.Match[str] | None, Rule | None]:
        """The first thing to come, and its rule; no rule if it is the end of the block."""
        best: re.Match[str] | None = None
        best_rule: Rule | None = None
        if "end" in block.rule:
            best = _compiled(block.rule["end"]).search(line, at)
        for rule in self._rules(block.rule.get("patterns", ())):
            match = _compiled(rule.get("match") or rule["begin"]).search(line, at)
            if match and (best is None or match.start() < best.start()):
                best, best_rule = match, rule
        return best, best_rule

    def _rules(self, patterns: list[Rule]) -> Iterator[Rule]:
        for pattern in patterns:
            rule = pattern
            if "include" in pattern:
                rule = self.content["repository"][pattern["include"].removeprefix("#")]
            if "match" in rule or "begin" in rule:
                yield rule
            else:
                yield from self._rules(rule["patterns"])

    def _captured(
        self, match: re.Match[str], rule: Rule, key: str, scopes: tuple[str, ...]
    ) -> Iterator[Token]:
        """The match itself, cut up by what its groups are called."""
        captures: dict[str, Rule] = rule.get(key, {})
        scopes += _named(captures.get("0", {}).get("name"))
        at = match.start()
        for number, capture in sorted(captures.items(), key=lambda item: int(item[0])):
            first, last = match.span(int(number))
            if number == "0" or first < 0:
                continue
            yield Token(at, first, scopes)
            yield from self._within(match.string, first, last, capture, scopes)
            at = last
        yield Token(at, match.end(), scopes)

    def _within(
        self, line: str, first: int, last: int, capture: Rule, scopes: tuple[str, ...]
    ) -> Iterator[Token]:
        inner = scopes + _named(capture.get("name"))
        if "patterns" not in capture:
            yield Token(first, last, inner)
            return
        for start, end, found in self._line(line[first:last], [Block(capture, inner)]):
            yield Token(first + start, first + end, found)


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.MULTILINE)


def _named(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()
