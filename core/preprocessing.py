"""From a slice's pixels to a network's input, and from its output back to the slice's own pixels.

Training and inference call the same functions, and a bundle's card names the preprocessing it was
trained with.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import BundleError

MIN_MAX = "min-max"
"""Name, in a card, of the report's preprocessing: scaled by the slice's own minimum and maximum."""


@dataclass(frozen=True)
class Placement:
    """Where a slice lies in the square it was padded to, in pixels of the slice."""

    height: int
    width: int
    top: int
    left: int
    side: int


def scale_to_unit(pixels: np.ndarray) -> np.ndarray:
    """Scale by the slice's own range: (H, W) of any number type to float32, minimum 0 and maximum 1.

    A constant array becomes zeros.
    """
    values = pixels.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.zeros_like(values)
    return (values - low) / (high - low)


def placement(height: int, width: int) -> Placement:
    """The centred placement of a (height, width) slice in the smallest square around it."""
    side = max(height, width)
    return Placement(height, width, (side - height) // 2, (side - width) // 2, side)


def _to_square(values: np.ndarray, place: Placement) -> np.ndarray:
    square = np.zeros((place.side, place.side), values.dtype)
    square[place.top : place.top + place.height, place.left : place.left + place.width] = values
    return square


def resize(values: np.ndarray, height: int, width: int, *, method: Image.Resampling) -> np.ndarray:
    """Resize a (H, W) float32 array; bilinear and box average over the footprint when shrinking."""
    if values.shape == (height, width):
        return values.astype(np.float32)
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((width, height), method))


def network_plane(pixels: np.ndarray, *, size: int, preprocessing: str = MIN_MAX) -> tuple[np.ndarray, Placement]:
    """One slice as a network sees it, before its channels are repeated.

    Args:
        pixels: (H, W), any number type.
        size: side of the network's input in pixels.
        preprocessing: the name in the bundle's card.

    Returns:
        (size, size) float32 in [0, 1], and the placement that maps an output back.

    Raises:
        BundleError: a preprocessing this version does not know.
    """
    if preprocessing != MIN_MAX:
        raise BundleError(
            f"The bundle asks for the preprocessing '{preprocessing}', which this version does not know; "
            f"it knows '{MIN_MAX}'."
        )
    place = placement(*pixels.shape)
    square = _to_square(scale_to_unit(pixels), place)
    return resize(square, size, size, method=Image.Resampling.BILINEAR), place


def network_mask(mask: np.ndarray, *, size: int) -> np.ndarray:
    """A (H, W) bool mask at network size: a pixel is tumour where at least half of it is.

    Returns:
        (size, size) bool.
    """
    square = _to_square(mask.astype(np.float32), placement(*mask.shape))
    return resize(square, size, size, method=Image.Resampling.BOX) >= 0.5


def to_slice(plane: np.ndarray, place: Placement) -> np.ndarray:
    """Map a (S, S) float32 network-size plane back: (H, W) float32 at the slice's own size."""
    square = resize(plane, place.side, place.side, method=Image.Resampling.BILINEAR)
    return square[place.top : place.top + place.height, place.left : place.left + place.width]
