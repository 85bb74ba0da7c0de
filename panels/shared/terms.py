"""Terms in a text: underlined, and opened by pointer, key or finger; panels/assets/glossary.js shows what they mean."""

from core.glossary import GLOSSARY


def term(name: str, words: str | None = None) -> str:
    """Return a term as Markdown that opens its meaning.

    Args:
        name: of ``core.glossary.GLOSSARY``.
        words: that stand in the text; the term's own title if None.

    Raises:
        KeyError: the glossary does not have it.
    """
    title = GLOSSARY[name].title
    return f"[{words or title}](#term-{name})"
