"""Places in a text, as the protocol counts them: lines from 0, and columns in the code units that were agreed on."""

from bisect import bisect_right

from lsprotocol import types

from borgpy.bcl.diagnostics import Source, Span

UTF8, UTF16, UTF32 = (
    types.PositionEncodingKind.Utf8,
    types.PositionEncodingKind.Utf16,
    types.PositionEncodingKind.Utf32,
)


class Positions:
    """Between offsets in one text and positions."""

    def __init__(self, source: Source, encoding: str = UTF16) -> None:
        self._source = source
        self._encoding = encoding
        self._starts = [0]
        at = source.text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = source.text.find("\n", at + 1)

    def offset(self, position: types.Position) -> int:
        """The offset of a position; what lies beyond a line or the text is taken to be its end."""
        text = self._source.text
        if position.line >= len(self._starts):
            return len(text)
        start = self._starts[position.line]
        end = self._source.line_end(start)
        if text[start:end].isascii() or self._encoding == UTF32:
            return min(start + position.character, end)
        units, at = 0, start
        while at < end and units < position.character:
            units += _width(text[at], self._encoding)
            at += 1
        return at

    def position(self, offset: int) -> types.Position:
        line = bisect_right(self._starts, offset) - 1
        before = self._source.text[self._starts[line] : offset]
        return types.Position(line, _units(before, self._encoding))

    def range(self, start: int, end: int) -> types.Range:
        return types.Range(self.position(start), self.position(end))

    def range_of(self, span: Span) -> types.Range:
        """The range of what a diagnostic is about; at least one character, so that it can be seen."""
        start = self._at(span.line, span.column)
        end = self._at(span.end_line, span.end_column)
        return self.range(start, max(end, min(start + 1, self._source.line_end(start))))

    def _at(self, line: int, column: int) -> int:
        start = self._starts[min(line, len(self._starts)) - 1]
        return min(start + column - 1, len(self._source.text))


def _units(text: str, encoding: str) -> int:
    if text.isascii() or encoding == UTF32:
        return len(text)
    return sum(_width(character, encoding) for character in text)


def _width(character: str, encoding: str) -> int:
    if encoding == UTF32:
        return 1
    if encoding == UTF8:
        return len(character.encode(errors="surrogatepass"))
    return 2 if ord(character) > 0xFFFF else 1
