"""Kinds of text: names, paths, one of a few words, and whatever a program can be handed."""

import re
from collections.abc import Callable, Mapping

from borgpy.bcl.diagnostics import Details, Edit, Fix, suggestion
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.schema.kind import REFUSED, Kind, Refused, wrong_type
from borgpy.bcl.schema.place import Place
from borgpy.bcl.values import Bareword, PlaceholderText, Quantity, Value
from borgpy.model.limits import MAX_TEXT_BYTES
from borgpy.model.names import is_job_reference, is_line, is_name
from borgpy.model.overrides import parse_ranges
from borgpy.model.placeholders import PLAIN, unknown_placeholders

_UNFIT = re.compile(r"[\s=\0]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,62}\Z")


def text_in(value: Value) -> str | None:
    """A value as text: quoted, a path, a placeholder, or a word that names nothing else."""
    if type(value) is str:
        return value
    if type(value) is Bareword:
        return value.word
    if type(value) is PlaceholderText:
        return value.text
    return None


def is_sendable(text: str) -> bool:
    """Whether a program can be handed ``text``, with every placeholder in it filled in."""
    if len(text) > MAX_TEXT_BYTES or "\0" in text:
        return False
    return "%" not in text or not unknown_placeholders(text)


class TextKind(Kind):
    """Text; ``fits`` tells whether it may be just this, and ``rule`` says so in words."""

    wanted = "text"

    def __init__(self, fits: Callable[[str], object], rule: str) -> None:
        self._fits = fits
        self.rule = rule

    def accept(self, value: Value) -> Json | Refused:
        text = text_in(value)
        if text is None or not is_sendable(text) or not self._fits(text):
            return REFUSED
        return text

    def complain(self, value: Value, place: Place) -> None:
        text = text_in(value)
        if text is None:
            wrong_type(value, place, self.wanted)
        elif not is_sendable(text):
            unsendable(text, place)
        else:
            message = f"{place.path} cannot be '{text}'" if text else f"{place.path} is empty"
            place.report("range", message, Details(help=self.rule))

    def takes(self, value: Value) -> bool:
        return text_in(value) is not None


def text_kind(kind: str, rule: str, begins: str) -> TextKind:
    """The kind of text that a field's annotations ask for."""
    match kind:
        case "name":
            return TextKind(is_name, f"a name is {rule}")
        case "job":
            return TextKind(is_job_reference, f"it is called {rule}")
        case "indexes":
            return TextKind(_names_tasks, rule)
        case "digest":
            return TextKind(_DIGEST.match, f"it is {rule}")
        case "argument":
            return TextKind(_is_argument, "a name has no blank and no '='")
        case "variable":
            return TextKind(_VARIABLE.match, "a variable's name is letters, digits and '_'")
        case "line":
            return TextKind(lambda text: text and is_line(text), f"it is {rule}")
        case "label":
            return TextKind(_LABEL.match, "a label is letters, digits, '_', '.', '/' and '-'")
    if begins:
        return TextKind(lambda text: text.startswith(begins), f"it begins with '{begins}'")
    return TextKind(bool, "")


def _is_argument(text: str) -> bool:
    return bool(text) and not _UNFIT.search(text)


def _names_tasks(text: str) -> bool:
    try:
        parse_ranges(text)
    except ValueError:
        return False
    return True


class ChoiceKind(Kind):
    """One of a few words."""

    wanted = "text"

    def __init__(self, choices: tuple[str, ...]) -> None:
        self.choices = choices
        self._known = frozenset(choices)
        self.wanted = f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]

    def accept(self, value: Value) -> Json | Refused:
        text = text_in(value)
        return text if text in self._known else REFUSED

    def complain(self, value: Value, place: Place) -> None:
        text = text_in(value)
        if text is None:
            wrong_type(value, place, self.wanted)
            return

        def details() -> Details:
            meant = suggestion(text, self.choices)
            edits = (Edit(place.spot.span, meant),)
            return Details(
                label=f"did you mean '{meant}'?" if meant else "",
                help="it is one of " + ", ".join(self.choices),
                fixes=(Fix(f"change to '{meant}'", edits),) if meant.isidentifier() else (),
            )

        place.report("range", f"{place.path} cannot be '{text}'", details)

    def takes(self, value: Value) -> bool:
        return text_in(value) is not None


class ScalarKind(Kind):
    """Text, or what stands for its text: a number, ``true`` or ``false``."""

    wanted = "text, a number or true or false"

    def __init__(self, texts: TextKind) -> None:
        self._texts = texts

    def accept(self, value: Value) -> Json | Refused:
        kind = type(value)
        if kind is int or kind is bool or kind is float:
            return value  # type: ignore[return-value]
        if kind is Quantity:
            return value.amount  # type: ignore[union-attr]
        return self._texts.accept(value)

    def complain(self, value: Value, place: Place) -> None:
        if text_in(value) is None:
            wrong_type(value, place, self.wanted)
        else:
            self._texts.complain(value, place)

    def takes(self, value: Value) -> bool:
        return isinstance(value, str | bool | int | float | Quantity | Bareword | PlaceholderText)


def scalar_texts(extra: Mapping[str, str]) -> TextKind:
    """The texts among scalars: none, too, is one."""
    if extra.get("kind") == "line":
        return TextKind(is_line, f"it is {extra['rule']}")
    return TextKind(lambda _: True, "")


def unsendable(text: str, place: Place) -> None:
    """Reports why no program can be handed ``text``."""
    if len(text) > MAX_TEXT_BYTES:
        message = f"{place.path} has {len(text):,} characters, which is too much"
        notes = (f"allowed is up to {MAX_TEXT_BYTES:,}",)
        place.report("range", message, Details(notes=notes, help="put long texts into a file"))
        return
    if "\0" in text:
        place.report("range", f"{place.path} holds a zero character")
    for placeholder in unknown_placeholders(text)[:20]:
        _unknown_placeholder(placeholder, place)


def _unknown_placeholder(placeholder: str, place: Place) -> None:
    def details() -> Details:
        name = placeholder.strip("%").partition(":")[0]
        meant = suggestion(name, PLAIN)
        known = ", ".join(f"%{plain}%" for plain in PLAIN)
        edit = Edit(place.spot.span, place.literal.replace(placeholder, f"%{meant}%"))
        return Details(
            label=f"did you mean %{meant}%?" if meant else "",
            help=f"there are {known} and %port:NAME%; %% is a percent sign",
            fixes=(Fix(f"change to %{meant}%", (edit,)),)
            if meant and placeholder in place.literal
            else (),
        )

    place.report("placeholder", f"unknown placeholder {placeholder}", details)
