"""Fixtures that the tests of pages share."""

from collections.abc import Iterator

import pytest

from tests.pages.situations import clear_caches


@pytest.fixture
def fresh_caches() -> Iterator[None]:
    """Empty the pages' caches, which other tests filled from other folders, before and after a test."""
    clear_caches()
    yield
    clear_caches()
