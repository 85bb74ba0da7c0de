"""Sentences in the reader's language: marked where they stand in English, translated when they are shown.

A sentence is whole, with a named place for every value: ``tr("{count} slices of {name}", count=3, name=name)``. What a
module's table holds is marked with ``mark`` and translated with ``tr`` on use. What is said now and shown later, or in
another process, is a ``Message``. ``make translations`` finds them by these names.

A function whose result is cached returns values, or takes the language: it must not return a translated sentence.
"""

from string import Formatter
from typing import Any, Protocol, runtime_checkable

from core.translation.language import ENGLISH, catalogue, current_language
from core.translation.numbers import number_text, unbroken


def mark(text: str) -> str:
    """Mark an English text for translation, and return it as it is."""
    return text


def tr(text: str, /, **values: Any) -> str:
    """Translate an English text into the current language, and put the values into their places.

    Args:
        text: as it stands in the code, with places such as ``{name}`` or ``{share:.1f}``; without values it may hold
            any braces. A message brings its values along.
        values: by place. Numbers are written as the language has them; messages and errors are translated.
    """
    return text.translated() if isinstance(text, Message) else unbroken(_said(text, values, current_language()))


def tr_plural(one: str, many: str, count: int, /, **values: Any) -> str:
    """Translate an English text that depends on a number; the text has it at ``{count}``.

    Args:
        one: the text for 1.
        many: the text for any other number.
        count: the number.
        values: as ``tr`` has them.
    """
    language = current_language()
    if language == ENGLISH:
        return unbroken((one if count == 1 else many).format(count=count, **values))
    said = catalogue(language).ngettext(one, many, count)
    return unbroken(_Filler(language).vformat(said, (), {"count": count, **values}))


@runtime_checkable
class Translatable(Protocol):
    """What can be shown in the current language, and is English as a string."""

    def translated(self) -> str:
        """Return the text in the current language."""
        ...


class Message(str):
    """A sentence that is translated when it is shown; everywhere else it is an English string.

    Attributes:
        template: the English text with its places.
        values: by place.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> "Message":
        """Take a text and its values, as ``tr`` does."""
        message = super().__new__(cls, _said(template, values, ENGLISH))
        message.template = template
        message.values = values
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """Let a copy, also in another process, be made of the text and its values."""
        return (self.template,), self.values

    def translated(self) -> str:
        """Return the sentence in the current language."""
        return unbroken(_said(self.template, self.values, current_language()))


def shown(text: object) -> str:
    """Return what is shown of a message or an error, in the current language; any other object as a string."""
    return text.translated() if isinstance(text, Translatable) else str(text)


class _Filler(Formatter):
    """Puts values into their places as a language other than English writes them."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Translatable):
            return format(value.translated(), format_spec)
        return number_text(value, format_spec, language=self._language)


def _said(text: str, values: dict[str, Any], language: str) -> str:
    if language == ENGLISH:
        return text.format(**values) if values else text
    # A catalogue's entry of the empty text is about the catalogue itself.
    translated = catalogue(language).gettext(text) if text else ""
    return _Filler(language).vformat(translated, (), values) if values else translated
