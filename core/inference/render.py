"""A slice as a picture, with mask and heat map laid over it: plain arrays, no plotting library."""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

PREDICTED_COLOUR = (0, 229, 255)
"""Outline of the predicted mask: cyan, told apart from grey and from yellow by every kind of eye."""
TRUE_COLOUR = (255, 214, 0)
"""Outline of the true mask: yellow."""
TRUE_POSITIVE_COLOUR, FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR = (235, 235, 235), (230, 159, 0), (86, 180, 233)
"""Of a difference: near-white, and Okabe and Ito's orange and sky blue."""
COLOUR_MAPS = ("Inferno", "Viridis", "Cividis", "Turbo")
"""Names of plotly's sequential colour scales that a heat map can be drawn with."""


_FILLED = 0.4
SHOW_MASK, SHOW_HEAT_MAP, SHOW_TRUTH = "Mask", "Heat map", "True mask"
"""What can be laid over a slice."""


@dataclass(frozen=True)
class DisplayOptions:
    """How a slice is drawn.

    Attributes:
        low: intensity drawn black.
        high: intensity drawn white.
        layers: which of ``MASK``, ``HEAT`` and ``TRUTH`` are laid over it.
        heat_opacity: of the hottest place, in [0, 1].
        mask_opacity: of an outline, in [0, 1]; a filled mask lets the slice show through.
        fill: masks filled instead of outlined.
        colour_map: one of ``COLOUR_MAPS``.
    """

    low: float
    high: float
    layers: tuple[str, ...] = (SHOW_MASK, SHOW_HEAT_MAP, SHOW_TRUTH)
    heat_opacity: float = 0.5
    mask_opacity: float = 1.0
    fill: bool = False
    colour_map: str = COLOUR_MAPS[0]


def compose_overlay(
    pixels: np.ndarray, look: DisplayOptions, *, mask: np.ndarray, heat: np.ndarray, truth: np.ndarray | None
) -> np.ndarray:
    """(H, W, 3) uint8: the slice with what ``look`` asks for laid over it.

    Args:
        pixels: (H, W) intensities.
        look: how to draw it.
        mask: (H, W) bool, predicted.
        heat: (H, W) in [0, 1].
        truth: (H, W) bool true mask, or None.
    """
    picture = grey_image(pixels, look.low, look.high)
    if SHOW_HEAT_MAP in look.layers:
        picture = overlay_heat_map(picture, heat, opacity=look.heat_opacity, colour_map=look.colour_map)
    opacity = look.mask_opacity * (_FILLED if look.fill else 1)
    for layer, area, colour in ((SHOW_TRUTH, truth, TRUE_COLOUR), (SHOW_MASK, mask, PREDICTED_COLOUR)):
        if layer in look.layers and area is not None:
            picture = overlay_mask(picture, area, colour=colour, opacity=opacity, fill=look.fill)
    return picture


def default_window(pixels: np.ndarray) -> tuple[float, float]:
    """Low and high intensity that show a slice well: its 1st and 99.5th percentile.

    Falls back to the whole range where those are equal.
    """
    low, high = (float(value) for value in np.percentile(pixels, (1, 99.5)))
    return (low, high) if high > low else (float(pixels.min()), float(pixels.max()))


def grey_image(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """(H, W) intensities to (H, W, 3) uint8 grey: ``low`` and below black, ``high`` and above white."""
    span = max(high - low, float(np.finfo(np.float32).tiny))
    grey = (np.clip((pixels - low) / span, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def overlay_heat_map(
    picture: np.ndarray, heat: np.ndarray, *, opacity: float, colour_map: str = "Inferno"
) -> np.ndarray:
    """Lay a heat map over a picture; where there is no heat the picture stays as it is.

    Args:
        picture: (H, W, 3) uint8.
        heat: (H, W) in [0, 1].
        opacity: of the hottest place, in [0, 1].
        colour_map: one of ``COLOUR_MAPS``.
    """
    colours = _colour_table(colour_map)[np.round(np.clip(heat, 0, 1) * 255).astype(np.uint8)]
    # Half the full opacity is reached at a quarter of the heat, so that moderate heat still shows.
    alpha = (opacity * np.sqrt(np.clip(heat, 0, 1)))[:, :, None]
    return np.round(picture * (1 - alpha) + colours * alpha).astype(np.uint8)


def overlay_mask(
    picture: np.ndarray, mask: np.ndarray, *, colour: tuple[int, int, int], opacity: float = 1.0, fill: bool = False
) -> np.ndarray:
    """Draw a mask's outline, or fill it.

    Args:
        picture: (H, W, 3) uint8.
        mask: (H, W) bool.
        colour: red, green, blue.
        opacity: in [0, 1].
        fill: the whole mask instead of its outline.
    """
    area = mask if fill else outline(mask)
    painted = picture.copy()
    painted[area] = np.round(picture[area] * (1 - opacity) + np.array(colour) * opacity)
    return painted


def mask_difference(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8: where two bool masks agree on tumour, what was missed and what was invented, on black."""
    picture = np.zeros((*true.shape, 3), np.uint8)
    picture[predicted & true] = TRUE_POSITIVE_COLOUR
    picture[true & ~predicted] = FALSE_NEGATIVE_COLOUR
    picture[predicted & ~true] = FALSE_POSITIVE_COLOUR
    return picture


def outline(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: a line around the mask, outside it, as wide as a 256th of the slice's longer side."""
    width = max(1, round(max(mask.shape) / 256))
    return ndimage.binary_dilation(mask, iterations=width) & ~mask


def encode_png(picture: np.ndarray, notes: Sequence[str] = ()) -> bytes:
    """A (H, W, 3) or (H, W) uint8 or a (H, W) bool picture as PNG, with sentences about it in the file's comment.

    The comment goes with the picture where its name does not: that a slice is simulated must not be lost.
    """
    values = picture.astype(np.uint8) * 255 if picture.dtype == bool else picture
    said = PngInfo()
    if notes:
        said.add_itxt("Comment", " ".join(notes))
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", pnginfo=said)
    return file.getvalue()


@functools.cache
def _colour_table(name: str) -> np.ndarray:
    """(256, 3) float32 colours of one of plotly's sequential scales."""
    import plotly.colors

    stops = np.array([plotly.colors.hex_to_rgb(c) if c.startswith("#") else plotly.colors.unlabel_rgb(c)
                      for c in getattr(plotly.colors.sequential, name)])  # fmt: skip
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(np.linspace(0, 1, 256), places, stops[:, i]) for i in range(3)], 1).astype(np.float32)
