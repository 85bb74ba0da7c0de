"""Bundles, data sets and files that the tests of commands share."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import config
from core.bundles import bundle as bundles
from core.dataset import splits
from core.training import recipe as recipes
from core.training.recipe import Recipe
from tests.core import tiny

OPEN_BUNDLE = bundles.open_bundle
"""Taken here, before a test puts another one in its place."""
REPORT_BUNDLES = ["--classifier", "report-cnn", "--segmenter", "report-unet"]


def write_picture(path: Path, number: int, *, width: int = 64, height: int = 64) -> Path:
    pixels = tiny.a_picture(number, width=width, height=height).pixels
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def sentence(text: str) -> str:
    """Return the one line of stderr."""
    (line,) = text.strip().splitlines()
    return line


def use_instead(monkeypatch: pytest.MonkeyPatch, recipe: Recipe, data: tiny.DataSet, models: Path) -> None:
    """Let commands find this recipe, this data set and this folder of bundles."""
    monkeypatch.setattr(recipes, "load_recipe", lambda name: recipe)
    monkeypatch.setattr(splits, "index_table", lambda: data.table)
    monkeypatch.setattr(config, "MODELS", models)
    monkeypatch.setattr(bundles, "open_bundle", lambda name, folder=models: OPEN_BUNDLE(name, folder))
