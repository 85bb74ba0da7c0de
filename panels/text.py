"""Text that comes from outside, shown as it is."""


def plain(text: str) -> str:
    """Text as literal text in Streamlit's Markdown: no links, no formulas, no emphasis."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>$:~|#" else c for c in text)
