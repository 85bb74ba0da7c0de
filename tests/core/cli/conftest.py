"""Fixtures that the tests of commands share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.bundles.bundle import DEFAULT_CLASSIFIER
from core.training.recipe import Recipe
from tests.core import tiny


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line speaks English, whatever the tester's environment does."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with small bundles: the default and the report's two."""
    folder = tmp_path_factory.mktemp("models")
    tiny.lite(tiny.unified(folder, name=DEFAULT_CLASSIFIER))
    tiny.lite(tiny.classifier(folder))
    tiny.lite(tiny.brightness_segmenter(folder))
    return folder


@pytest.fixture
def commands(models: Path, configure: Callable[..., None]) -> None:
    """The command line with the small bundles."""
    configure(models=models)


@dataclass
class Workplace:
    """A made-up data set and a folder of models, which the command line finds.

    Attributes:
        data: the data set.
        store: its store.
        models, runs: folders, at first absent.
    """

    data: tiny.DataSet
    store: Path
    models: Path
    runs: Path


@pytest.fixture
def workplace(tmp_path: Path, configure: Callable[..., None]) -> Workplace:
    """The made-up data set in place of the real one, and no bundles."""
    data, models = tiny.data_set(), tmp_path / "models"
    configure(splits=data.write_table(tmp_path / "splits.csv"), models=models)
    return Workplace(data, data.write(tmp_path / "store.h5"), models, tmp_path / "runs")


@pytest.fixture
def use_recipe(tmp_path: Path, configure: Callable[..., None]) -> Callable[[Recipe], None]:
    """Let the command line find this recipe, and no other."""
    return lambda recipe: configure(recipes=tiny.write_recipe(recipe, tmp_path / "recipes"))
