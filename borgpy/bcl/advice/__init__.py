"""What people meant who wrote what BCL does not read.

Each rule looks at one situation and knows one mistake; the first that recognises it speaks.
"""

from collections.abc import Callable

from borgpy.bcl.advice import brackets, habits, headers, quoting, values
from borgpy.bcl.advice.situation import Advice, Situation

_RULES: tuple[Callable[[Situation], Advice | None], ...] = (
    quoting.unterminated,
    quoting.quote_within_text,
    headers.equality,
    values.braces_of_conditional,
    values.conditional,
    brackets.unfinished,
    brackets.unclosed_above,
    habits.lookalike,
    quoting.glued_path,
    quoting.strange_path,
    headers.no_value,
    headers.type_of_other_languages,
    habits.foreign_operator,
    headers.value_for_type,
    quoting.colon_within_text,
    headers.colon,
    values.computed_import,
    headers.bare_modifier,
    habits.misplaced_word,
    habits.words_behind_a_value,
    quoting.joined_name,
    habits.words_before_a_name,
    habits.called_definition,
    habits.foreign_forms,
    headers.declaration,
    quoting.two_values,
    quoting.reserved,
    headers.missing_equals,
    brackets.mismatched,
    values.missing_comma,
    values.missing_item,
    quoting.percent,
    headers.lost_value,
    habits.strange_mark,
)


def advice_on(situation: Situation) -> Advice:
    """What the mistake is, as far as it can be told."""
    for rule in _RULES:
        advice = rule(situation)
        if advice is not None:
            return advice
    return values.no_recognised_mistake(situation)
