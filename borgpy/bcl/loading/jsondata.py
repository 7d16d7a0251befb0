"""JSON files as data of a configuration: read strictly, with the place of what is wrong."""

import re

from borgpy.bcl.diagnostics import Code, Details, Fault, Source, Spot
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.values import MAX_INTEGER, MIN_INTEGER

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|-?[A-Z][a-zN]+|[\[\]{}:,]', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_INTEGER = len(str(MIN_INTEGER))


class _Refused(ValueError):
    """What JSON allows and we do not."""

    def __init__(self, code: Code, literal: str, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.literal = literal


def read_json(source: Source, limits: Limits = DEFAULT_LIMITS) -> Json:
    """What a JSON file holds, integral numbers as ``int``; a `Fault` at its own place otherwise.

    A name that stands twice in one object, an integer beyond 64 bits and ``NaN`` are mistakes here, since two readers
    of such a file would read two different things.
    """
    from json import JSONDecodeError, JSONDecoder  # few configurations read data

    text = source.text
    _check_size(source, limits)
    decoder = JSONDecoder(
        object_pairs_hook=_object,
        parse_int=_integer,
        parse_float=_number,
        parse_constant=_constant,
    )
    try:
        data: Json = decoder.decode(text)
    except JSONDecodeError as error:
        at = min(error.pos, len(text))
        said = error.msg[:1].lower() + error.msg[1:]
        raise Fault("import", Spot(source, at, at), f"this is not JSON: {said}") from None
    except _Refused as error:
        raise _fault_of(source, error) from None
    except RecursionError:  # --max-nesting may allow more than Python bears
        message = "brackets are nested too deeply"
        raise Fault("limit", Spot(source, 0, 0), message) from None
    lone = _ESCAPED_SURROGATE.search(text) or _SURROGATE.search(text)
    if lone is not None and not _is_unicode(data):
        message = "half of a surrogate pair, which is no character"
        raise Fault("import", Spot(source, *lone.span()), message)
    return data


def _check_size(source: Source, limits: Limits) -> None:
    text = source.text
    if len(text) > limits.source:
        message = f"the file has more than {limits.source:,} characters"
        raise Fault("limit", Spot(source, 0, 0), message, Details(help=raised_by("source")))
    if text.count("[") + text.count("{") <= limits.nesting:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > limits.nesting:
            message = f"brackets are nested more than {limits.nesting} deep"
            details = Details(help=raised_by("nesting"))
            raise Fault("limit", Spot(source, *token.span()), message, details)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _Refused("duplicate", "", "a name stands twice in one object")
    return made


def _integer(literal: str) -> int:
    if len(literal) <= _LONGEST_INTEGER:
        value = int(literal)
        if MIN_INTEGER <= value <= MAX_INTEGER:
            return value
    raise _Refused("arith", literal, f"{literal[:24]} does not fit into 64 bits")


def _number(literal: str) -> int | float:
    value = float(literal)
    if not value.is_integer():  # infinity is none either
        if value - value == 0:
            return value
        raise _Refused("arith", literal, f"{literal[:24]} is too large for a number")
    if MIN_INTEGER <= value <= MAX_INTEGER:
        return int(value)
    raise _Refused("arith", literal, f"{literal[:24]} does not fit into 64 bits")


def _constant(literal: str) -> Json:
    raise _Refused("import", literal, f"this is not JSON: {literal} is no number")


def _is_unicode(data: Json) -> bool:
    pending = [data]
    while pending:
        piece = pending.pop()
        if isinstance(piece, dict):
            pending += piece
            pending += piece.values()
        elif isinstance(piece, list):
            pending += piece
        elif isinstance(piece, str) and _SURROGATE.search(piece):
            return False
    return True


def _fault_of(source: Source, refused: _Refused) -> Fault:
    """What was refused, where it stands. The reader does not tell, and only a mistake pays for this second look."""
    if refused.code == "duplicate":
        return _duplicate(source)
    for token in _TOKEN.finditer(source.text):
        if token[0] == refused.literal:
            return Fault(refused.code, Spot(source, *token.span()), str(refused))
    return Fault(refused.code, Spot(source, 0, 0), str(refused))


def _duplicate(source: Source) -> Fault:
    """The first name that its object has already. There is one."""
    from json import loads

    open_objects: list[dict[str, int] | None] = []  # names and where they stand; None for a list
    previous = ""
    for token in _TOKEN.finditer(source.text):
        written = token[0]
        if written in ("{", "["):
            open_objects.append({} if written == "{" else None)
        elif written in ("}", "]"):
            open_objects.pop()
        elif written.startswith('"') and previous in ("{", ","):
            names = open_objects[-1]
            name = loads(written)
            if names is not None and names.setdefault(name, token.start()) != token.start():
                spot = Spot(source, *token.span())
                first = Spot(source, names[name], names[name])
                details = Details(notes=(f"first at {first}",))
                return Fault("duplicate", spot, f"'{name}' stands twice in one object", details)
        previous = written
    raise AssertionError("the reader saw a name twice")
