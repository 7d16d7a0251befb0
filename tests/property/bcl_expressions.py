"""Expressions at random: of a wanted kind, with names that are in scope, and mostly free of mistakes."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

INT, TEXT, TRUTH, LIST, BYTES, DURATION = "int", "text", "truth", "list", "bytes", "duration"
SCALARS = (INT, TEXT, TRUTH, LIST, BYTES, DURATION)

Choose = Callable[[int], int]
"""A number from 0 up to, but not including, the argument: by Hypothesis, by a seed, or by the bytes of a fuzzer."""


class Shape(msgspec.Struct, frozen=True):
    """The kind of a record: the kinds of its fields. Those that are ``open`` have no value yet."""

    fields: Mapping[str, "Kind"]
    open: frozenset[str] = frozenset()
    final: frozenset[str] = frozenset()


class Function(msgspec.Struct, frozen=True):
    """The kind of a function from one integer to another."""


Kind = str | Shape | Function

TYPES = {
    INT: ("int", "number", "int | string", "any", "int?"),
    TEXT: ("string", "string | bool", "string?"),
    TRUTH: ("bool", "bool | 'x'"),
    LIST: ("list", "[int]", "[number] | int"),
    BYTES: ("bytes", "bytes?"),
    DURATION: ("duration", "any"),
}
"""Types that take a kind."""


_DEEPEST = 4


class Scope:
    """The names of one record, function or loop, and what is around it. A name without a kind is not there yet."""

    def __init__(self, around: "Scope | None", *, base: Shape | None = None) -> None:
        self.around = around
        self.names: dict[str, Kind | None] = {}
        self.is_record = False
        self.base = base
        """What a record inherits."""
        self.local: set[str] = set()

    def visible(self) -> Iterator[tuple[str, Kind]]:
        """Every name that can be read from here, the nearest of each."""
        met: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            for name, kind in scope.names.items():
                if name not in met and kind is not None:
                    yield name, kind
            met |= scope.names.keys()
            scope = scope.around

    def readable(self, kind: "Kind") -> list[str]:
        """The fields of this record that can be read from elsewhere."""
        return [n for n, found in self.names.items() if found == kind and n not in self.local]

    def record(self, levels: int = 0) -> "Scope | None":
        """The innermost record around, or one ``levels`` further out."""
        scope: Scope | None = self
        while scope is not None:
            if scope.is_record:
                if levels == 0:
                    return scope
                levels -= 1
            scope = scope.around
        return None


class Expressions:
    """Writes expressions, as long as there is ``room``: each takes some, and without room all are leaves."""

    def __init__(self, choose: Choose, room: int) -> None:
        self.choose = choose
        self.room = room
        self._variables = 0
        self._depth = 0
        self._writers: dict[str, tuple[Callable[[Scope], str], ...]] = {
            INT: (
                self._sum,
                self._branch_of(INT),
                self._count,
                self._call,
                self._ratio,
                self._fold,
            ),
            TEXT: (self._interpolation, self._join, self._branch_of(TEXT), self._replaced),
            TRUTH: (self._comparison, self._logic, self._membership, self._branch_of(TRUTH)),
            LIST: (self._items, self._loop, self._mapped, self._branch_of(LIST)),
            BYTES: (self._amount_of(BYTES), self._branch_of(BYTES)),
            DURATION: (self._amount_of(DURATION), self._branch_of(DURATION)),
        }

    def one_of(self, *options: str) -> str:
        return options[self.choose(len(options))]

    def chance(self, of: int) -> bool:
        """True once in so many times."""
        return self.choose(of) == of - 1

    def expression(self, kind: str, scope: Scope) -> str:
        """An expression of a kind that is no record."""
        self.room -= 1
        turn = self.choose(4)
        if turn < 2 and (known := list(self._known(kind, scope))):
            return known[self.choose(len(known))]
        if turn == 0 or self.room <= 0 or self._depth >= _DEEPEST:
            return self._leaf(kind)
        self._depth += 1
        writers = self._writers[kind]
        text = writers[self.choose(len(writers))](scope)
        self._depth -= 1
        return text

    def _known(self, kind: str, scope: Scope) -> Iterator[str]:
        """The names that have this kind, and the fields that can be read from here."""
        for name, found in scope.visible():
            if found == kind and " " not in name:
                yield name
            elif isinstance(found, Shape) and " " not in name:
                yield from (f"{name}.{attribute(field)}" for field in _of_kind(found, kind))
                yield from (f'{name}["{field}"]' for field in _of_kind(found, kind))
        home = scope.record()
        if home is None:
            return
        if home.base is not None:
            yield from (f"super.{attribute(field)}" for field in _of_kind(home.base, kind))
        yield from (f"self.{attribute(name)}" for name in home.readable(kind))
        outer = scope.record(1)
        if outer is not None:
            yield from (f"up.{attribute(name)}" for name in outer.readable(kind))
        farther = scope.record(2)
        if farther is not None:
            yield from (f"up.up.{attribute(name)}" for name in farther.readable(kind))

    def _leaf(self, kind: str) -> str:
        match kind:
            case "int":
                return self.one_of("0", "1", "7", "-3", "2k", "1Ki", "100M", "1_000", "5.0")
            case "text":
                return self.one_of(
                    "''", "'a'", '"b-c"', "./p/q", "'{n}'", "'%'", '"""x\ny"""', "'é☃'"
                )
            case "truth":
                return self.one_of("true", "false")
            case "list":
                return self.one_of("[]", "[1, 2]", "range(3)", "[0,]", "[n * 2 for n in [1, 2]]")
            case "bytes":
                return self.one_of("1KiB", "5B", "1.5MiB", "2GB")
        return self.one_of("30s", "1.5min", "250ms", "2h")

    def _sum(self, scope: Scope) -> str:
        left, right = self.expression(INT, scope), self.expression(INT, scope)
        return self.one_of(
            f"{left} + {right}",
            f"({left} - {right})",
            f"({left}) * ({right})",
            f"-({left})",
            f"({left}) % 7",
            f"floor(({left}) / 3)",
            f"{left} - ({right})",
            f"min({left}, {right})",
        )

    def _ratio(self, scope: Scope) -> str:
        kind = self.one_of(BYTES, DURATION)
        return f"floor(({self.expression(kind, scope)}) / {self._leaf(kind)})"

    def _count(self, scope: Scope) -> str:
        kind = self.one_of(LIST, TEXT)
        return f"len({self.expression(kind, scope)})"

    def _fold(self, scope: Scope) -> str:
        items = self.expression(LIST, scope)
        first, second = self._variable(), "item"
        inner = Scope(scope)
        inner.names = {first: INT, second: INT}
        return f"fold(lambda {first}, {second}: {self.expression(INT, inner)}, {items}, 0)"

    def _call(self, scope: Scope) -> str:
        functions = [name for name, kind in scope.visible() if isinstance(kind, Function)]
        argument = self.expression(INT, scope)
        if functions and self.chance(2):
            return f"{functions[self.choose(len(functions))]}({argument})"
        return f"({self.function(scope)})({argument})"

    def function(self, scope: Scope) -> str:
        """A function from an integer to another, with a second parameter perhaps."""
        name = self._variable()
        inner = Scope(scope)
        inner.names = {name: INT}
        more = ""
        if self.chance(3):
            more = f", more = {self.expression(INT, inner)}"
            inner.names["more"] = INT
        return f"lambda {name}{more}: {self.expression(INT, inner)}"

    def _interpolation(self, scope: Scope) -> str:
        kind = self.one_of(*SCALARS[:3], BYTES)
        inner = self.expression(kind, scope)
        if "\n" in inner or '"' in inner or "\\" in inner:
            return f"str({inner})"
        return f'f"<{{{inner}}}>{{{{}}}}"'

    def _join(self, scope: Scope) -> str:
        left, right = self.expression(TEXT, scope), self.expression(TEXT, scope)
        return self.one_of(f"({left} + {right})", f"join([{left}, {right}], '-')", f"upper({left})")

    def _replaced(self, scope: Scope) -> str:
        return f"replace({self.expression(TEXT, scope)}, 'a', {self.expression(TEXT, scope)})"

    def _comparison(self, scope: Scope) -> str:
        kind = self.one_of(*SCALARS)
        left, right = self.expression(kind, scope), self.expression(kind, scope)
        operator = self.one_of("==", "!=", *(("<", ">=") if kind not in (TRUTH, LIST) else ()))
        return f"({left}) {operator} ({right})"

    def _logic(self, scope: Scope) -> str:
        left, right = self.expression(TRUTH, scope), self.expression(TRUTH, scope)
        return self.one_of(
            f"(({left}) and ({right}))", f"(({left}) or ({right}))", f"(not ({left}))"
        )

    def _membership(self, scope: Scope) -> str:
        word = self.one_of("in", "not in")
        return f"(({self.expression(INT, scope)}) {word} {self.expression(LIST, scope)})"

    def _items(self, scope: Scope) -> str:
        items = [self.expression(INT, scope) for _ in range(self.choose(4))]
        return f"[{', '.join(items)}]"

    def _loop(self, scope: Scope) -> str:
        source = self.expression(LIST, scope)
        name = self._variable()
        inner = Scope(scope)
        inner.names = {name: INT}
        condition = f" if {self.expression(TRUTH, inner)}" if self.chance(2) else ""
        if condition.startswith(" if if"):
            condition = f" if ({condition[4:]})"
        if source.startswith("if"):
            source = f"({source})"
        return f"[{self.expression(INT, inner)} for {name} in {source}{condition}]"

    def _mapped(self, scope: Scope) -> str:
        items = self.expression(LIST, scope)
        return self.one_of(
            f"map({self.function(scope)}, {items})",
            f"sorted({items})",
            f"({items} + {items})",
            f"[n for i, n in enumerate({items})]",
            f"unique({items})",
        )

    def _amount_of(self, kind: str) -> Callable[[Scope], str]:
        def amount(scope: Scope) -> str:
            left, right = self.expression(kind, scope), self.expression(kind, scope)
            return self.one_of(
                f"({left} + {right})", f"({left}) * 2", f"({left}) / 4", f"max({left}, {right})"
            )

        return amount

    def _branch_of(self, kind: str) -> Callable[[Scope], str]:
        def branch(scope: Scope) -> str:
            condition = self.expression(TRUTH, scope)
            yes, no = self.expression(kind, scope), self.expression(kind, scope)
            return f"(if {condition} then {yes} else {no})"

        return branch

    def _variable(self) -> str:
        """A name for a variable; now and then one that shadows another."""
        self._variables += 1
        return self.one_of("n", "i", f"v{self._variables}")


def attribute(name: str) -> str:
    """A name as it stands behind a dot."""
    return f"'{name}'" if " " in name else name


def _of_kind(shape: Shape, kind: str) -> list[str]:
    return [
        name for name, found in shape.fields.items() if found == kind and name not in shape.open
    ]
