"""Fixtures that the tests of pages share."""

import functools
import gc
from collections.abc import Iterator

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner

from panels.analyse import preparation
from tests.pages.situations import clear_caches

MANY_OBJECTS = 100_000
"""Objects that a collection of garbage visits in about a tenth of a second."""
installed_components = functools.cache(manifest_scanner.scan_component_manifests)
"""Streamlit reads what every installed package says of itself for each session, a fifth of a second."""


@pytest.fixture
def fresh_caches() -> Iterator[None]:
    """Empty the pages' caches, which other tests filled from other folders, before and after a test."""
    clear_caches()
    yield
    clear_caches()


@pytest.fixture(autouse=True)
def quick_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare runs of a page what Streamlit does for each but a visitor never waits for.

    After each it collects garbage, among all that the libraries hold, and clears Keras's session, so that the next
    prediction builds its kernels again.
    """
    if len(gc.get_objects()) > MANY_OBJECTS:
        gc.collect()
        gc.freeze()
    monkeypatch.setattr(script_runner, "_clean_problem_modules", lambda: None)
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", installed_components)


@pytest.fixture(autouse=True)
def nothing_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pages from loading networks in the background, which would go on beside later tests."""
    monkeypatch.setattr(preparation, "prepare_first_answer", lambda: None)
