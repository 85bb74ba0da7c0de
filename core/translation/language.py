"""The language of whoever is served, and its catalogue.

It is never a setting of the process: two visitors may read two languages at once. ``speak`` and ``speaking`` set it for
a thread, a task or a block. Where they have not, as in a fragment that runs alone in a thread of its own, the app's
shell is asked, which knows whose session it is. Where nobody is served, it is English.
"""

import gettext
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

ENGLISH = "en"
LOCALE = Path(__file__).resolve().parents[2] / "locale"
"""The folder of catalogues."""
OFFERED = {ENGLISH: "English", "es": "Español"}
"""Languages that visitors are offered, as they are called there: each has a complete catalogue, a test holds."""
_DOMAIN = "slicescope"

_set: ContextVar[str | None] = ContextVar("language", default=None)
_askers: list[Callable[[], str | None]] = []


def current_language() -> str:
    """Return the language that is spoken here, as ISO 639-1 has it."""
    return _set.get() or next((found for ask in _askers if (found := ask())), ENGLISH)


def speak(language: str) -> None:
    """Speak a language from here on in this thread or task, which serves one visitor."""
    _set.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within, in this thread or task alone."""
    token = _set.set(language)
    try:
        yield
    finally:
        _set.reset(token)


def ask_for_language(ask: Callable[[], str | None]) -> None:
    """Ask this function for the language wherever none is set; it may know none either.

    Args:
        ask: returns the language of the session that the calling thread serves, or None.
    """
    if ask not in _askers:
        _askers.append(ask)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return a language's catalogue; one that leaves everything English where there is none."""
    return gettext.translation(_DOMAIN, LOCALE, [language], fallback=True)


@cache
def has_catalogue(language: str) -> bool:
    """Return whether a language can be spoken, though perhaps not all is translated."""
    return language == ENGLISH or gettext.find(_DOMAIN, LOCALE, [language]) is not None


def choose_language(asked: Iterable[str | None], browser: str | None, offered: Iterable[str] = tuple(OFFERED)) -> str:
    """Return the first language that can be spoken: of those asked for, else the browser's, else English.

    Args:
        asked: what the address says, what the visitor chose before, or names of locales; None where there is nothing.
        browser: the browser's language, such as "es-MX". It brings a language only where that is offered.
        offered: languages with a complete catalogue.
    """
    for language in map(_code, asked):
        if language and has_catalogue(language):
            return language
    return _code(browser) if _code(browser) in offered else ENGLISH


def _code(language: str | None) -> str:
    """Return the language of a name such as "es-MX" or "es_AR.UTF-8"; empty where it is none, as from an address."""
    code = re.split(r"[_.@-]", language or "")[0].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""
