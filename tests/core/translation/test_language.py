"""Whose language is spoken: one of a thread's own, else that of the session that is asked, else English."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.translation import language
from core.translation.language import ENGLISH, OFFERED, ask_for_language, choose_language, current_language, speaking


@pytest.fixture
def asked() -> Iterator[list[str | None]]:
    """What a session answers that is asked for its language."""
    answer: list[str | None] = [None]

    def ask() -> str | None:
        return answer[0]

    ask_for_language(ask)
    yield answer
    language._askers.remove(ask)


def test_it_is_english_where_nobody_is_served() -> None:
    assert current_language() == ENGLISH


def test_two_visitors_speak_two_languages_at_once() -> None:
    both = Barrier(2)

    def visit(spoken: str) -> list[str]:
        heard = []
        with speaking(spoken):
            for _ in range(20):
                both.wait(timeout=10)
                heard.append(current_language())
        return heard

    with ThreadPoolExecutor(2) as visitors:
        spanish, english = visitors.map(visit, ["es", "en"])
    assert set(spanish) == {"es"} and set(english) == {"en"}
    assert current_language() == ENGLISH


def test_a_session_is_asked_where_none_is_set(asked: list[str | None]) -> None:
    asked[0] = "es"
    assert current_language() == "es"
    with speaking("en"):
        assert current_language() == "en"
    asked[0] = None
    assert current_language() == ENGLISH


@pytest.mark.parametrize(
    ("asked_for", "browser", "offered", "chosen"),
    [
        (["es", "en"], "en-US", ["en"], "es"),
        ([None, "es"], "en-US", ["en"], "es"),
        (["xx", "es"], None, ["en"], "es"),
        (["../es", None], "es-MX", ["en", "es"], "es"),
        ([None, None], "es-MX", ["en", "es"], "es"),
        ([None, None], "es-MX", ["en"], "en"),
        ([None, None], "fr", ["en", "es"], "en"),
        ([None, None], None, ["en", "es"], "en"),
    ],
)
def test_the_address_comes_before_the_choice_and_the_browser(
    asked_for: list[str | None], browser: str | None, offered: list[str], chosen: str
) -> None:
    assert choose_language(asked_for, browser, offered) == chosen


def test_english_is_offered() -> None:
    assert ENGLISH in OFFERED
