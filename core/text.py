"""Words in a sentence."""

from collections.abc import Iterable


def join_words(words: Iterable[object], last: str = "and") -> str:
    """ "one", "one and two", "one, two and three".

    Args:
        words: what is named, at least one.
        last: what stands before the last.
    """
    *others, final = map(str, words)
    return f"{', '.join(others)} {last} {final}" if others else final


def lower_first(title: str) -> str:
    """ "Mean Dice" as it stands within a sentence: "mean Dice"."""
    return title[:1].lower() + title[1:]
