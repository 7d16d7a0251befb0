"""What the parser could not read: from where it stopped to a diagnostic that says what to do."""

from borgpy.bcl.diagnostics import Code, Details, Fault, Source, Spot


class Misread(Exception):
    """Something that has the right shape and says something impossible, between two offsets."""

    def __init__(
        self, start: int, end: int, message: str, *, code: Code = "syntax", help: str = ""
    ) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.message = message
        self.code: Code = code
        self.help = help


class Unexpected(Misread):
    """At ``start`` stands something else than what is ``expected``."""

    def __init__(self, start: int, expected: str) -> None:
        super().__init__(start, start + 1, f"expected {expected}")
        self.expected = expected


def describe(source: Source, misread: Misread, opened: list[int]) -> Fault:
    """What the misreading means, for people."""
    spot = Spot(source, misread.start, misread.end)
    if isinstance(misread, Unexpected):
        if misread.start >= len(source.text):
            message = "unexpected end of file"
            if opened:
                line, column = source.position(opened[-1])
                message += f", unclosed '{source.text[opened[-1]]}' opened at {line}:{column}"
        else:
            message = f"unexpected {source.text[misread.start]!r}, expected {misread.expected}"
        return Fault("syntax", spot, message)
    return Fault(misread.code, spot, misread.message, Details(help=misread.help))
