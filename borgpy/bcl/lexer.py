"""The tokens of BCL, as regular expressions from which the parser and the formatter build what they look for.

What is skipped is matched atomically: a token that fails must never be retried from inside a comment. No group is
repeated possessively, since Python 3.11 up to 3.11.2 (Debian 12's own) matches ``(?:…)*+`` wrongly.
"""

BLANK = r"[ \t\r\n\f\ufeff]"
COMMENT = r"//[^\n]*+|\#[^\n]*+|/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)\*/"
SKIPPED = rf"(?>(?:{BLANK}++|{COMMENT})*)"
"""What may stand between any two tokens."""

SEPARATED = rf"(?>(?:[ \t\r\n\f\ufeff,;]++|{COMMENT})*)"
"""What may stand between two members."""

NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
END = r"(?![A-Za-z0-9_])"
"""Behind a word, so that it is the whole word."""

# Takes in more than is right, so that 5Q, 0644 and 1.2.3 are one mistake each instead of a number and something strange.
NUMBER = r"[0-9](?>(?:[0-9A-Za-z_]++|\.(?=[0-9A-Za-z_])|(?<=[0-9][eE])[+-](?=[0-9]))*)"

STRING = (
    r'"""(?>(?:[^"\\]++|\\(?:.|\n)|"(?!""))*)"""'
    r'|"(?!"")(?>(?:[^"\\\n]++|\\.)*)"'
    r"|'(?>(?:[^'\\\n]++|\\.)*)'"
)
PLACEHOLDER = rf"%{NAME}(?::[A-Za-z0-9_]++)?%"
SEGMENT = rf"(?>(?:[A-Za-z0-9_.+@~-]++|{PLACEHOLDER})+)"
PATH = rf"\.{{0,2}}(?>(?:/{SEGMENT})+)"

OPERATOR = (
    r"[.\[({*%]|==|!=|<=|>=|[<>-]|/(?!\*)|\+(?!=)"
    rf"|(?:and|or|in|not){END}"
)
"""What goes on behind a value: an operator, or what takes a part of the value, calls or extends it."""
