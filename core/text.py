"""Join words into a sentence."""

from collections.abc import Iterable


def join_words(words: Iterable[object], last: str = "and") -> str:
    """Join words into an enumeration: "one", "one and two", "one, two and three".

    Args:
        words: at least one word.
        last: the conjunction before the last word.
    """
    *first, final = map(str, words)
    return f"{', '.join(first)} {last} {final}" if first else final


def lower_first(title: str) -> str:
    """Lower a title's first letter for use within a sentence: "Mean Dice" becomes "mean Dice"."""
    return title[:1].lower() + title[1:]
