"""Numbers as a language writes them: 1,234 and 94.8 % in English, 1.234 and 94,8 % in Spanish."""

import re
from numbers import Number
from typing import Any

from core.translation.language import current_language

_SWAPPED = str.maketrans(",.", ".,")
_WITH_DECIMAL_COMMA = {"es"}
_BREAKABLE_PERCENT = re.compile(r"(?<=[\d*]) %(?![\w{(])")
"""A space between a number, or bold type's end, and its percent sign; what a plot or ``%`` fills in is none."""


def number_text(value: Any, spec: str = "", *, language: str | None = None) -> str:
    """Write a value; a number with the decimal point and the thousands separator of a language.

    Args:
        value: any; what is no number is written as ``format`` does.
        spec: of ``format``, such as ",.1f".
        language: the current one if None.
    """
    text = format(value, spec)
    return text.translate(_SWAPPED) if isinstance(value, Number) and _is_swapped(language) else text


def unbroken(text: str) -> str:
    """Return a text in which no line breaks between a number and its percent sign: "94.8 %" with a no-break space."""
    return _BREAKABLE_PERCENT.sub("\N{NO-BREAK SPACE}%", text) if " %" in text else text


def separators() -> str:
    """Return the decimal point and the thousands separator of the current language: ".,", or ",." in Spanish."""
    return ",." if _is_swapped(None) else ".,"


def _is_swapped(language: str | None) -> bool:
    return (language or current_language()) in _WITH_DECIMAL_COMMA
