"""The frame: foreign text is escaped, and nothing is shown that no page asks for."""

import pytest
import streamlit as st

from core.errors import DatasetError
from panels.shared.theme import error_text, escape_markdown


def test_foreign_text_makes_no_link_and_no_emphasis():
    assert escape_markdown("[a](b) *c* $d$") == r"\[a\](b) \*c\* \$d\$"


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("www.evil.example", r"www\.evil.example"),
        ("WWW.evil.example", r"WWW\.evil.example"),
        ("https://evil.example", r"https\://evil.example"),
        ("me@evil.example", r"me\@evil.example"),
        ("name\n===", "name ==="),
        ("===", r"\==="),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("    code", "code"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("\u202ename\x00", "name"),
        ("report-cnn 0.95", "report-cnn 0.95"),
        ("2.png", "2.png"),
    ],
)
def test_text_from_outside_makes_no_link_heading_list_or_code(text: str, inert: str) -> None:
    assert escape_markdown(text) == inert


def test_a_page_never_shows_a_docstring_of_its_own():
    """Streamlit's magic writes every bare string of a page onto it."""
    assert st.get_option("runner.magicEnabled") is False


def test_no_folder_of_the_server_stands_in_an_error() -> None:
    text = error_text(DatasetError("'/srv/app/data/figshare.h5' is not a prepared data set; make it again."))
    assert text == "'figshare.h5' is not a prepared data set; make it again."
    assert error_text("'/srv/app/data/' is no folder; there is no bundle 'a/b'.").startswith("'data/' is no folder")
    assert error_text(r"'C:\Users\me\card.json' is gone.") == "'card.json' is gone."
