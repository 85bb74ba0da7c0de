"""What a bundle's network draws when asked for each class; read without TensorFlow."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.bundles.bundle import DRAWINGS, Bundle
from core.bundles.contents import read_bundle_arrays, refused_content
from core.files import replace_file

LONGEST_SIDE = 256
"""Side of a stored drawing at most, in pixels."""


@dataclass(frozen=True)
class Drawing:
    """A drawing of one class.

    Attributes:
        pixels: (h, w) uint8, 0 to 255 for the input's range.
        probability: that the network gives the class, shown its own drawing.
    """

    pixels: np.ndarray
    probability: float


def drawing_pixels(plane: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Return (S, S) in the input's range as (h, w) uint8, averaged over blocks where it is larger than is stored."""
    low, high = value_range
    block = -(-len(plane) // LONGEST_SIDE)
    side = len(plane) // block
    blocks = plane[: side * block, : side * block].reshape(side, block, side, block).mean(axis=(1, 3))
    return np.round(np.clip((blocks - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def write_drawings(path: Path, drawings: list[Drawing]) -> None:
    """Write one drawing a class, in the order of the card's classes."""
    with replace_file(path) as temporary:
        np.savez_compressed(
            temporary,
            drawing=np.stack([drawing.pixels for drawing in drawings]),
            probability=np.array([drawing.probability for drawing in drawings], np.float32),
        )


def stored_drawings(bundle: Bundle) -> dict[str, Drawing] | None:
    """Return a bundle's drawings by class, or None where none are stored.

    Raises:
        BundleError: the stored drawings are altered, or the file holds something else.
    """
    if DRAWINGS not in bundle.card.files:
        return None
    file = read_bundle_arrays(bundle, DRAWINGS, {"drawing": 3, "probability": 1})
    pixels, probabilities, classes = file["drawing"], file["probability"], bundle.card.classes
    with refused_content(bundle, DRAWINGS):
        if pixels.dtype != np.uint8 or len(pixels) != len(classes) or not pixels.size:
            raise ValueError("drawing must be one plane of bytes for each class")
        if len(probabilities) != len(classes) or not ((probabilities >= 0) & (probabilities <= 1)).all():
            raise ValueError("probability must be one number from 0 to 1 for each class")
    return {
        name: Drawing(plane, float(probability))
        for name, plane, probability in zip(classes, pixels, probabilities, strict=True)
    }
