"""Join words into a sentence, and cells into a table."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import reduce

from core.translation.messages import Message, mark

AND, OR = mark("{first} and {final}"), mark("{first} or {final}")
"""How an enumeration ends."""
_NAME = re.compile(r"Dice\b|\w+[A-Z0-9]")
"""A first word that is written so everywhere: Dice, IoU, F1, JPEG."""


def joined(words: Iterable[object], end: str = AND) -> Message:
    """Join words into an enumeration, as a value of a message: "one", "one and two", "one, two and three".

    Args:
        words: at least one word, in the reader's language, or a message.
        end: ``AND`` or ``OR``.
    """
    *first, final = words
    if not first:
        return Message("{final}", final=final)
    return Message(end, first=reduce(_with_comma, first), final=final)


def listed(words: Iterable[Message]) -> Message:
    """Join at least one message into a list without an end of its own: "one, two, three"."""
    return reduce(_with_comma, words)


def _with_comma(before: object, word: object) -> Message:
    return Message("{listed}, {word}", listed=before, word=word)


def join_words(words: Iterable[object], end: str = AND) -> str:
    """Join words as ``joined`` does, in the current language."""
    return joined(words, end).translated()


def lower_first(title: str) -> str:
    """Lower a title's first letter for use within a sentence: "Mean Dice" becomes "mean Dice"; a name stays."""
    return title if _NAME.match(title) else title[:1].lower() + title[1:]


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[str]) -> str:
    """Write a table in Markdown.

    Args:
        header: titles of the columns.
        rows: their cells.
        words: titles of columns of words; those of figures are aligned to the right.
    """
    ruler = ["---" if title in words else "---:" for title in header]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, ruler, *rows])
