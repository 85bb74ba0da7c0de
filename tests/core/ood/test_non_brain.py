"""Reading non-brain images: a folder with an index, and the shipped examples."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.errors import DatasetError
from core.ood.gate_recipe import load_gate_recipe
from core.ood.non_brain import EXAMPLES, INDEX, SAMPLE_FOLDER, example_image, read_non_brain_images
from core.readers.slices import read_slice


def test_images_are_read_in_the_order_of_the_index(tmp_path: Path) -> None:
    rows = [{"file": "b.png", "kind": "noise"}, {"file": "a.png", "kind": "chart"}]
    for level, row in enumerate(rows, 1):
        ramp = np.linspace(0, level * 100, 64 * 64).reshape(64, 64)
        Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / row["file"])
    pd.DataFrame(rows).to_csv(tmp_path / INDEX, index=False)
    images = list(read_non_brain_images(tmp_path))
    assert [(kind, slice_.name) for kind, slice_ in images] == [("noise", "b.png"), ("chart", "a.png")]
    assert [float(slice_.pixels.max()) for _, slice_ in images] == [100, 200]


def test_a_folder_without_an_index_or_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"make_non_brain_images\.py writes it"):
        next(read_non_brain_images(tmp_path))
    (tmp_path / INDEX).write_text("file,class\na.png,chart\n")
    with pytest.raises(DatasetError, match="columns file and kind"):
        next(read_non_brain_images(tmp_path))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_is_read_as_an_upload_is(kind: str) -> None:
    example = example_image(kind)
    upload = read_slice((SAMPLE_FOLDER / EXAMPLES[kind]).read_bytes(), EXAMPLES[kind])
    np.testing.assert_array_equal(example.pixels, upload.pixels)
    assert example.name == EXAMPLES[kind]


def test_every_example_ships_and_needs_no_package_the_app_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("skimage", "sklearn"):
        monkeypatch.setitem(sys.modules, package, None)
    assert len([example_image(kind) for kind in EXAMPLES]) >= 6
    assert {path.name for path in SAMPLE_FOLDER.iterdir()} == set(EXAMPLES.values())


@pytest.mark.parametrize("rule", load_gate_recipe().texts.rules.values())
def test_no_threshold_is_chosen_on_them(rule: str) -> None:
    assert "dev" in rule or "validation" in rule
