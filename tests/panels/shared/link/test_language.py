"""Each visitor has a language of their own; the address carries it from page to page."""

import pytest
from streamlit.testing.v1 import AppTest


def speak() -> None:
    import streamlit as st

    from core.labels import OUTCOME_LABELS
    from core.outcome import LOW_CONFIDENCE
    from panels.shared.controls import fragment
    from panels.shared.link.address import page_address, shown_query
    from panels.shared.link.language import keep_language_in_address, settle_language

    settle_language()
    with page_address("page"):
        keep_language_in_address()
        st.text(OUTCOME_LABELS[LOW_CONFIDENCE].title)

        @fragment
        def alone() -> None:
            st.button("again", on_click=lambda: st.session_state.update(heard=OUTCOME_LABELS[LOW_CONFIDENCE].title))

        alone()
    st.code(shown_query())


ENGLISH, SPANISH = "Low confidence", "Confianza baja"


def visit(language: str | None) -> AppTest:
    app = AppTest.from_function(speak, default_timeout=30)
    if language:
        app.query_params["lang"] = language
    return app.run()


def test_without_a_wish_it_is_english() -> None:
    app = visit(None)
    assert app.text[0].value == ENGLISH
    assert app.code[0].value == ""


@pytest.mark.parametrize("unknown", ["xx", "../../es", "spanish", "ES-"])
def test_an_unknown_language_is_none(unknown: str) -> None:
    assert visit(unknown).text[0].value == ENGLISH


def test_the_address_gives_the_language_and_keeps_it() -> None:
    app = visit("es")
    assert app.text[0].value == SPANISH
    assert app.code[0].value == "lang=es"
    del app.query_params["lang"]
    app.run()
    assert app.text[0].value == SPANISH, "another page, whose address does not name it yet"
    assert app.code[0].value == "lang=es"
    app.query_params["lang"] = "en"
    assert app.run().text[0].value == ENGLISH


def test_a_callback_speaks_the_language_of_its_session() -> None:
    app = visit("es")
    app.button[0].click().run()
    assert app.session_state["heard"] == SPANISH


def test_two_visitors_in_turn_have_two_languages() -> None:
    spanish, english = visit("es"), visit("en")
    for _ in range(3):
        assert spanish.run().text[0].value == SPANISH
        assert english.run().text[0].value == ENGLISH
    assert visit(None).text[0].value == ENGLISH
