"""What is allowed in a file, and probably not meant: remarks by rules that have names, and can be silenced by them."""

from borgpy.bcl.linting.lint import RULES, bare_words_in, lint
from borgpy.bcl.linting.remarks import Remark

__all__ = ["RULES", "Remark", "bare_words_in", "lint"]
