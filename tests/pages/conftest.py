"""Fixtures that the tests of pages share."""

import gc
from collections.abc import Iterator

import pytest
from streamlit.runtime.scriptrunner import script_runner

from panels.analyse import preparation
from tests.pages.situations import clear_caches

MANY_OBJECTS = 100_000
"""Objects that a collection of garbage visits in about a tenth of a second."""


@pytest.fixture
def fresh_caches() -> Iterator[None]:
    """Empty the pages' caches, which other tests filled from other folders, before and after a test."""
    clear_caches()
    yield
    clear_caches()


@pytest.fixture(autouse=True)
def quick_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare runs of a page most of what Streamlit does after each: it collects garbage, among all that the libraries
    hold, and clears Keras's session, so that the next prediction builds its kernels again."""
    if len(gc.get_objects()) > MANY_OBJECTS:
        gc.collect()
        gc.freeze()
    monkeypatch.setattr(script_runner, "_clean_problem_modules", lambda: None)


@pytest.fixture(autouse=True)
def nothing_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pages from loading networks in the background, which would go on beside later tests."""
    monkeypatch.setattr(preparation, "prepare_first_answer", lambda: None)
