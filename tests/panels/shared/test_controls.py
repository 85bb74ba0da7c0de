"""What a fragment raises is a sentence too, where it runs alone."""

from streamlit.testing.v1 import AppTest

from tests.pages.fragments import run_fragment


def page() -> None:
    import streamlit as st

    from core.errors import BundleError
    from panels.shared.controls import fragment

    def draw() -> None:
        if st.toggle("Break", key="break"):
            raise BundleError("The bundle 'x' is broken.")

    st.title("Stays")
    fragment(draw)()


def test_an_error_in_a_fragment_that_runs_alone_is_a_sentence() -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    run_fragment(app, app.toggle(key="break").set_value(True))
    assert not app.exception and [error.value for error in app.error] == ["The bundle 'x' is broken."]
