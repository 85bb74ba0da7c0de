"""Non-brain images: enough of them, of all kinds, the same every time."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.ood.non_brain import EXAMPLES, example_image, read_non_brain_images
from scripts.make_non_brain_images import KINDS, PER_KIND, file_name, make_image, write_examples, write_images

DIGESTS = {
    "photograph": "30c53648747ca2640e815dea12c4caf19007b5b579a57729f771b23944c10c07",
    "face": "bae7e338a7add5b4f062a79c79a5ce50c8a2d6477a25c825b7ab0044e1aa78f4",
    "texture": "d9dd56eac223fe9a0b2f5743f21ec77fe44401798fc1125d74aa23e1d7fbbd8b",
    "microscope or telescope": "7722afd30b30dc11db0d97c64222e0684a444d7fdcebc122f66e30af59c295b9",
    "handwritten digit": "fbb7752b3f117d6a4469cadc303044d594a903c5aa104136061ea987639a2037",
}
"""SHA-256 of the pixels of the first image of each kind that comes from a package."""


def test_there_are_at_least_two_hundred_of_six_kinds() -> None:
    assert len(KINDS) >= 6
    assert PER_KIND * len(KINDS) >= 200


def test_each_kind_is_written_equally_often_and_no_two_are_alike(tmp_path: Path) -> None:
    write_images(tmp_path, per_kind=4)
    images = list(read_non_brain_images(tmp_path))
    assert Counter(kind for kind, _ in images) == dict.fromkeys(KINDS, 4)
    assert len({slice_.pixels.tobytes() for _, slice_ in images}) == len(images)
    assert len({slice_.name for _, slice_ in images}) == len(images)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_the_same_every_time(kind: str) -> None:
    np.testing.assert_array_equal(make_image(kind, 0), make_image(kind, 0))


@pytest.mark.parametrize(("kind", "digest"), DIGESTS.items())
def test_the_pixels_are_those_that_were_measured(kind: str, digest: str) -> None:
    assert hashlib.sha256(np.asarray(make_image(kind, 0)).tobytes()).hexdigest() == digest


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_shipped_example_is_the_image_that_was_measured(kind: str) -> None:
    shipped = example_image(kind)
    number = next(number for number in range(PER_KIND) if file_name(kind, number) == shipped.name)
    np.testing.assert_array_equal(shipped.pixels, np.asarray(make_image(kind, number)))


def test_the_examples_are_written_under_the_names_that_pages_read(tmp_path: Path) -> None:
    write_examples(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(EXAMPLES.values())
