"""Tumour-free examples: external slices, and the data set's own with an inpainted tumour where a plane is symmetric."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError
from core.training.data.examples import Examples
from core.training.data.tumour_free import load_tumour_free, symmetry
from tests.core import tiny


def write_external(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    folder.mkdir()
    lines = ["file,class,split"]
    for number, row in enumerate(rows):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 64)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / row[0])
        lines.append(",".join(row))
    (folder / "index.csv").write_text("\n".join(lines))
    return folder


def test_a_symmetric_head_scores_above_a_profile() -> None:
    y, x = np.mgrid[:64, :64] - 32.0
    face = np.where((x / 20) ** 2 + (y / 26) ** 2 < 1, 0.5 + 0.3 * np.cos(x / 4), 0.0).astype(np.float32)
    profile = face * np.clip(0.6 + x / 40, 0, 1)
    assert symmetry(face) > 0.95 > 0.6 > symmetry(profile.astype(np.float32)) > -1
    assert symmetry(np.zeros((8, 8), np.float32)) == 0.0


def training_examples(side: int = 80) -> Examples:
    """Three planes: a symmetric one, one that is not, and a symmetric one whose tumour cannot be taken out."""
    planes = np.random.default_rng(0).integers(60, 255, (3, side, side, 1)).astype(np.uint8)
    for symmetric in (0, 2):
        planes[symmetric] = np.maximum(planes[symmetric], planes[symmetric][:, ::-1])
    masks = np.zeros((3, side, side, 1), np.uint8)
    masks[:2, 30:36, 15:21] = 2
    planes[0][masks[0] > 0] = 255
    masks[2] = 2
    return Examples(planes, (np.ones(3, np.uint8), masks, np.ones(3, np.uint8)))


def test_examples_come_from_training_slices_only_and_show_nothing(tmp_path: Path) -> None:
    folder = write_external(
        tmp_path / "external",
        [("a.png", "no_tumour", "train"), ("b.png", "glioma", "train"), ("c.png", "no_tumour", "test")],
    )
    train = training_examples()
    examples = load_tumour_free(tiny.recipe("unified-unet"), train, folder)
    assert len(examples) == 2, "one external slice, and one of the training slices with its tumour taken out"
    assert (examples.planes.shape[1:], examples.planes.dtype) == (train.planes.shape[1:], train.planes.dtype)
    tumour = train.targets[1][0] > 0
    assert (examples.planes[1] == train.planes[0])[~tumour].mean() > 0.9, "the rest of its plane stays"
    assert (examples.planes[1] != train.planes[0])[tumour].any()
    assert not examples.targets[1].any() and not examples.targets[2].any()
    assert examples.has_class is not None and not examples.has_class.any()


def test_a_folder_without_tumour_free_training_slices_is_refused(tmp_path: Path) -> None:
    folder = write_external(tmp_path / "external", [("b.png", "glioma", "train")])
    with pytest.raises(DatasetError, match="without a tumour"):
        load_tumour_free(tiny.recipe("unified-unet"), training_examples(), folder)


def test_a_plane_without_neighbours_stands_in_their_places(tmp_path: Path) -> None:
    folder = write_external(tmp_path / "external", [("a.png", "no_tumour", "train")])
    alone = training_examples()
    between = Examples(alone.planes.repeat(3, axis=-1), alone.targets)
    between.planes[..., [0, 2]] //= 2
    small = tiny.recipe("unified-unet-25d")
    examples = load_tumour_free(small, between, folder)
    assert (examples.planes == examples.planes[..., :1]).all()
    np.testing.assert_array_equal(
        examples.planes[..., :1], load_tumour_free(tiny.recipe("unified-unet"), alone, folder).planes
    )
