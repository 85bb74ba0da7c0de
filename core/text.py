"""Join words into a sentence, and cells into a table."""

from collections.abc import Collection, Iterable, Sequence


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


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[str]) -> str:
    """Write a table in Markdown.

    Args:
        header: titles of the columns.
        rows: their cells.
        words: titles of columns of words; those of figures are aligned to the right.
    """
    ruler = ["---" if title in words else "---:" for title in header]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, ruler, *rows])
