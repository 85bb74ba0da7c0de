"""AppTest puts the app's script in the main module's place, and a child process would run it."""

import sys

from streamlit.testing.v1 import AppTest

MAIN = sys.modules["__main__"]


def test_a_page_takes_the_main_modules_place() -> None:
    AppTest.from_string("import streamlit as st; st.write(1)").run()
    assert sys.modules["__main__"] is not MAIN


def test_the_next_test_has_the_main_module_again() -> None:
    assert sys.modules["__main__"] is MAIN
