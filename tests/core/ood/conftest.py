"""A small network's bundle with a gate, and external slices to fit and measure it on."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.bundles.bundle import DEFAULT_CLASSIFIER, Bundle, open_bundle
from core.config import CLASSES
from core.dataset.store import Store
from core.ood.fit import fit_gate
from core.ood.gate_recipe import GateRecipe, load_gate_recipe
from tests.core import tiny
from tests.settings import configured
from tests.shared import shared


@pytest.fixture(scope="package")
def small_recipe() -> GateRecipe:
    """The gate's recipe with few directions, for a few slices."""
    recipe = load_gate_recipe()
    return replace(recipe, settings=replace(recipe.settings, directions=3))


def a_head(number: int, *, lesion: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """(64, 64) noise in a grey disc, with a brighter disc on its left or right, and the mask of that."""
    random = np.random.default_rng(number)
    rows, columns = np.mgrid[:64, :64]
    pixels = np.where(np.hypot(rows - 32, columns - 32) < 28, 100 + 20 * random.normal(size=(64, 64)), 0).clip(0, 255)
    place = random.uniform(26, 38), random.choice([16, 48]) + random.uniform(-2, 2)
    mask = (np.hypot(rows - place[0], columns - place[1]) < 4) & lesion
    pixels[mask] = 230
    return pixels, mask


@pytest.fixture(scope="package")
def external_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """External slices: without a tumour in train, of all classes in dev and test."""
    folder = tmp_path_factory.mktemp("elsewhere")
    rows = []
    for split, names in (("train", ["no_tumour"] * 8), ("dev", [*CLASSES, "no_tumour"] * 3), ("test", [*CLASSES] * 2)):
        for name in names:
            number = len(rows) + 50
            pixels, _ = a_head(number, lesion=name != "no_tumour")
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
            rows.append({"file": f"{number}.png", "class": name, "split": split})
    pd.DataFrame(rows).to_csv(folder / "index.csv", index=False)
    return folder


@pytest.fixture(scope="package")
def gated(
    external_folder: Path, small_recipe: GateRecipe, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Bundle, Path]:
    """A small network's bundle with a gate, and the store it was fitted on; copy the bundle to change it."""

    def make(folder: Path) -> None:
        data = tiny.data_set(40)
        for number in data.pixels:
            if len(data.pixels[number]) == 64:
                data.pixels[number], data.masks[number] = a_head(number)
        bundle = tiny.lite(tiny.unified(folder / "models"))
        tiny.with_test_metrics(bundle)
        store = data.write(folder / "figshare.h5")
        with configured(splits=data.write_table(folder / "splits.csv")), Store(store) as opened:
            fit_gate(open_bundle(bundle.name, folder / "models"), opened, external_folder, recipe=small_recipe)

    folder = tmp_path_factory.mktemp("gated")
    shutil.copytree(shared("gated", make), folder, dirs_exist_ok=True)
    return open_bundle(DEFAULT_CLASSIFIER, folder / "models"), folder / "figshare.h5"
