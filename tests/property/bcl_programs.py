"""Whole programs at random: files with templates, records upon records, functions, imports and declarations."""

from collections.abc import Sequence
from random import Random

import msgspec
from hypothesis import strategies as st

from tests.property.bcl_expressions import (
    INT,
    LIST,
    SCALARS,
    TYPES,
    Choose,
    Expressions,
    Function,
    Kind,
    Scope,
    Shape,
    attribute,
)

NAMES = ("a", "b", "c", "d", "e", "'x y'")
"""Few, so that records shadow and override each other."""


class Program(msgspec.Struct, frozen=True):
    """A main file, and what it imports."""

    main: str
    files: dict[str, str] = {}


class Programs(Expressions):
    """Writes files."""

    def __init__(self, choose: Choose, room: int) -> None:
        super().__init__(choose, room)
        self.files: dict[str, str] = {}

    def program(self) -> Program:
        library = self._file("l", imports=None) if self.chance(3) else None
        if library is not None:
            self.files["lib/l.borg"] = library[0]
        main, _ = self._file("", imports=library[1] if library else None)
        return Program(main, self.files)

    def _file(self, prefix: str, imports: Shape | None) -> tuple[str, Shape]:
        scope = Scope(None)
        scope.is_record = True
        lines: list[str] = []
        if imports is not None:
            lines.append('local lib = import "lib/l.borg"')
            scope.names["lib"] = imports
        for number in range(1 + self.choose(6)):
            name = f"{prefix}f{number}"
            line, kind = self._item(name, scope)
            lines.append(line)
            scope.names[name] = kind
        if not prefix:
            lines += self._declarations(scope)
        scope.local.add("lib")
        text = self.one_of("\n", "\n\n", " ; ", " ").join(lines) + "\n"
        return text, _shape(scope, lines)

    def _item(self, name: str, scope: Scope) -> tuple[str, Kind | None]:
        """A line of a file, and what its name means from then on."""
        what = self.choose(6)
        if what == 0:
            return f"hidden {name} = {self.function(scope)}", Function()
        if what <= 2:
            text, shape = self.record(scope, opening=True)
            hidden = "hidden " if shape.open or self.chance(2) else ""
            return f"{hidden}{name} = {text}", shape
        if what == 3:
            text, shape = self._extension(scope) or self.record(scope)
            return f"{name} = {text}", shape
        kind = self.one_of(*SCALARS)
        modifier = self.one_of("", "", "hidden ", "final ", "local ", "param ")
        if modifier == "local ":
            scope.local.add(name)
        typed = (
            f": {self.one_of(*TYPES[kind])}"
            if modifier == "param " or self._may_be_typed(modifier)
            else ""
        )
        return f"{modifier}{name}{typed} = {self.expression(kind, scope)}", kind

    def _may_be_typed(self, modifier: str) -> bool:
        return modifier != "local " and self.chance(3)

    def record(self, around: Scope, *, opening: bool = False) -> tuple[str, Shape]:
        """A record as it is written, and its kind. With ``opening`` some fields may be without a value."""
        if self.room > 0 and self.chance(8):
            return self._made(around)
        names = self._some_names(NAMES)
        scope = Scope(around)
        scope.is_record = True
        scope.names = dict.fromkeys(map(_bare, names))
        members: list[str] = []
        opened: set[str] = set()
        for name in names:
            if opening and self.chance(6):
                kind = self.one_of(*SCALARS)
                members.append(f"{name}: {self.one_of(*TYPES[kind])}")
                scope.names[_bare(name)] = kind
                opened.add(_bare(name))
            else:
                members.append(self._member(name, scope))
        if self.chance(5):
            members.append(self.one_of("assert true : 'never'", "assert 1 < 2"))
        return self._braced(members), _shape(scope, members, opened=frozenset(opened))

    def _member(self, name: str, scope: Scope) -> str:
        """A field, whose name means what it holds from then on."""
        if self.room > 0 and self.chance(5):
            text, shape = self.record(scope)
            scope.names[_bare(name)] = shape
            return self.one_of(f"{name} = {text}", f"{name} {text}")
        kind = self.one_of(*SCALARS)
        value = self.expression(kind, scope)
        modifier = self.one_of("", "", "", "hidden ", "final ", "local ")
        if modifier == "local " and name.startswith("'"):
            modifier = ""
        typed = f": {self.one_of(*TYPES[kind])}" if self._may_be_typed(modifier) else ""
        scope.names[_bare(name)] = kind
        if modifier == "local ":
            scope.local.add(name)
        return f"{modifier}{name}{typed} = {value}"

    def _made(self, around: Scope) -> tuple[str, Shape]:
        """A record made by a loop."""
        inner = Scope(around)
        inner.names = {"k": "text"}
        holder = Scope(inner)
        holder.is_record = True
        value = self.expression(INT, holder)
        return f"{{for k in ['p', 'q']: [k] = {value}}}", Shape({"p": INT, "q": INT})

    def _extension(self, scope: Scope) -> tuple[str, Shape] | None:
        """A record that is known, extended; nothing if there is none."""
        known = [(name, kind) for name, kind in scope.visible() if isinstance(kind, Shape)]
        known += [
            (f"{name}.{attribute(field)}", inner)
            for name, kind in known
            for field, inner in kind.fields.items()
            if isinstance(inner, Shape)
        ]
        if not known:
            return None
        base, shape = known[self.choose(len(known))]
        if base == "lib":
            base = '(import "lib/l.borg")'
        text, extended = self._layer(scope, shape)
        again, extended = self._layer(scope, extended) if self.chance(4) else ("", extended)
        if self.chance(6) and not again:
            return f"compose({base}, {base} {text})", extended
        return f"{base} {text}{again}", extended

    def _layer(self, around: Scope, base: Shape) -> tuple[str, Shape]:
        """What is written upon ``base``: values for what is open, other values, more fields."""
        scope = Scope(around, base=base)
        scope.is_record = True
        overridden = [
            name
            for name in base.fields
            if name in base.open or (name not in base.final and self.chance(3))
        ]
        fresh = [name for name in self._some_names(NAMES[:3]) if name not in base.fields]
        scope.names = dict.fromkeys([*overridden, *fresh])
        members: list[str] = []
        for name in overridden:
            kind = base.fields[name]
            members.append(self._override(f"'{name}'" if " " in name else name, kind, scope))
            scope.names[name] = kind
        members += [self._member(name, scope) for name in fresh]
        return self._braced(members), _shape(scope, members, base=base)

    def _override(self, name: str, kind: Kind, scope: Scope) -> str:
        if isinstance(kind, Shape):
            text, _ = self._layer(scope, kind)
            return f"{name} {text}"
        if isinstance(kind, Function):
            return f"{name} = {self.function(scope)}"
        if kind == LIST and self.chance(2):
            return f"{name} += {self.expression(LIST, scope)}"
        return f"{name} = {self.expression(kind, scope)}"

    def _declarations(self, scope: Scope) -> list[str]:
        if not self.chance(3):
            return []
        holder = Scope(scope)
        holder.is_record = True
        count = self.expression(INT, holder)
        lines = [
            f"template web = {{ runtime = {{ cell = ic }} binary = ./web hidden shard = 0 hidden n = {count}"
            " args = { port = %port%, shard = up.shard, n = up.n } replicas = max(1, min(9, n))"
            " requirements { ram = 64MiB } }"
        ]
        lines.append("job web0 = web { args { more = 'x' } }")
        if self.chance(2):
            lines.append("job [f'web-{n}'] = web { shard = n } for n in range(2) if n != 5")
        if self.chance(2):
            lines.append("job web2 = web0 { shard = 2 replicas = super.replicas + 1 }")
        return lines

    def _some_names(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if self.chance(2)]

    def _braced(self, members: list[str]) -> str:
        between = self.one_of(", ", "; ", "\n  ", " ")
        return f"{{ {between.join(members)} }}"


_NOTHING = Shape({})


def _shape(
    scope: Scope,
    members: list[str],
    *,
    base: Shape = _NOTHING,
    opened: frozenset[str] = frozenset(),
) -> Shape:
    """The kind of a record that has been written."""
    fields = {n: k for n, k in scope.names.items() if k is not None and n not in scope.local}
    final = {n for n in fields if any(m.startswith((f"final {n}", f"final '{n}")) for m in members)}
    return Shape({**base.fields, **fields}, opened, base.final | final)


def _bare(name: str) -> str:
    return name.strip("'")


@st.composite
def programs(draw: st.DrawFn, room: int = 60) -> Program:
    """Programs of which most evaluate."""
    return Programs(lambda n: draw(st.integers(0, n - 1)), room).program()


def seeded_program(seed: int, room: int = 120) -> Program:
    """The program of a seed."""
    return Programs(Random(seed).randrange, room).program()
