"""The one way to write a file down, for `borgcfg fmt` and for editors.

Lines break where their author broke them. What is mended is what stands between the tokens of a line, indentation,
needless separators, and blank lines in a row. Comments and texts stay as they are, also how far
a comment at the end of a line is from the rest of it. Formatting twice is formatting once.
"""

from collections.abc import Collection, Iterator

from borgpy.bcl.diagnostics import Source
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits
from borgpy.bcl.reading.layout import Piece, Places, arranged, laid_out
from borgpy.bcl.reading.lexer import Kind, Token, tokens
from borgpy.bcl.reading.parse import parse


def format_text(
    source: Source, quoted: Collection[int] = (), limits: Limits = DEFAULT_LIMITS
) -> str:
    """The text as it should be written, with the bare words at the offsets in ``quoted`` put in quotes.

    It means the same as before. `BclError` for what cannot be parsed.
    """
    places = Places(parse(source, limits))
    return laid_out(arranged(list(_pieces(source.text, quoted)), places))


def _pieces(text: str, quoted: Collection[int]) -> Iterator[Piece]:
    end = 0
    for token in tokens(text):
        between = text[end : token.start]
        piece = Piece(_written(token, quoted), between.count("\n"))
        if piece.is_comment and not token.text.startswith("/*") and not between.strip(" "):
            piece.gap = max(1, len(between))
        yield piece
        end = token.end


def _written(token: Token, quoted: Collection[int]) -> Token:
    """The token as it should be written: one kind of line ends, and none with blanks before it that nobody sees."""
    match token.kind:
        case Kind.COMMENT:
            text = token.text.replace("\r\n", "\n")
            return token._replace(text=text if text.startswith("/*") else text.rstrip())
        case Kind.STRING | Kind.FSTRING:
            return token._replace(text=token.text.replace("\r\n", "\n"))
        case Kind.WORD if token.start in quoted:
            return token._replace(kind=Kind.STRING, text=f'"{token.text}"')
    return token
