"""Fixtures that the tests of commands share."""

from functools import partial
from pathlib import Path

import pytest

from core.bundles import bundle as bundles
from core.bundles.bundle import DEFAULT_CLASSIFIER
from tests.core import tiny
from tests.core.cli.support import OPEN_BUNDLE


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with small bundles: the default and the report's two."""
    folder = tmp_path_factory.mktemp("models")
    tiny.unified(folder, name=DEFAULT_CLASSIFIER)
    tiny.classifier(folder)
    tiny.brightness_segmenter(folder)
    return folder


@pytest.fixture
def commands(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line with the small bundles."""
    monkeypatch.setattr(bundles, "open_bundle", partial(OPEN_BUNDLE, models=models))
