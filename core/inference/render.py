"""Draw a slice with its mask and heat map as plain arrays, without a plotting library."""

import functools
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.readers.preprocessing import centred_placement
from core.translation.messages import mark

PREDICTED_COLOUR = (0, 229, 255)
"""Outline of the predicted mask: cyan, distinguishable from grey and yellow with colour-vision deficiency."""
TRUE_COLOUR = (255, 214, 0)
"""Outline of the true mask: yellow."""
TRUE_POSITIVE_COLOUR, FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR = (235, 235, 235), (230, 159, 0), (86, 180, 233)
"""Of a mask difference: near-white, and Okabe and Ito's orange and sky blue."""
COLOUR_MAPS = ("Inferno", "Viridis", "Cividis", "Turbo")
"""Names of plotly's sequential colour scales that a heat map can be drawn with."""
_FILL_OPACITY = 0.4
_JPEG_QUALITY = 82
SHOW_MASK, SHOW_HEAT_MAP, SHOW_TRUTH = mark("Mask"), mark("Heat map"), mark("True mask")
"""The layers that can be drawn over a slice."""


@dataclass(frozen=True)
class DisplayOptions:
    """How a slice is drawn.

    Attributes:
        low: intensity drawn black.
        high: intensity drawn white.
        layers: which of ``SHOW_MASK``, ``SHOW_HEAT_MAP`` and ``SHOW_TRUTH`` are drawn over it.
        heat_opacity: at the highest heat, in [0, 1].
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
    pixels: np.ndarray,
    options: DisplayOptions,
    *,
    mask: np.ndarray | None = None,
    heat: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a slice and the layers of ``options`` over it; return (H, W, 3) uint8.

    Args:
        pixels: (H, W) intensities.
        options: how to draw it.
        mask: (H, W) bool, predicted; a layer that is None is not drawn.
        heat: (H, W) in [0, 1].
        truth: (H, W) bool true mask.
    """
    picture = grey_image(pixels, options.low, options.high)
    if SHOW_HEAT_MAP in options.layers and heat is not None:
        picture = overlay_heat_map(picture, heat, opacity=options.heat_opacity, colour_map=options.colour_map)
    opacity = options.mask_opacity * (_FILL_OPACITY if options.fill else 1)
    for layer, area, colour in ((SHOW_TRUTH, truth, TRUE_COLOUR), (SHOW_MASK, mask, PREDICTED_COLOUR)):
        if layer in options.layers and area is not None:
            picture = overlay_mask(picture, area, colour=colour, opacity=opacity, fill=options.fill)
    return picture


def default_window(pixels: np.ndarray) -> tuple[float, float]:
    """Return the low and high intensity that show a slice well: its 1st and 99.5th percentile.

    Where they are equal, return the whole range.
    """
    low, high = (float(value) for value in np.percentile(pixels, (1, 99.5)))
    return (low, high) if high > low else (float(pixels.min()), float(pixels.max()))


def grey_image(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Convert (H, W) intensities to (H, W, 3) uint8 grey: ``low`` and below black, ``high`` and above white."""
    span = max(high - low, float(np.finfo(np.float32).tiny))
    grey = (np.clip((pixels - low) / span, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def overlay_heat_map(
    picture: np.ndarray, heat: np.ndarray, *, opacity: float, colour_map: str = "Inferno"
) -> np.ndarray:
    """Draw a heat map over a picture; where there is no heat the picture stays as it is.

    Args:
        picture: (H, W, 3) uint8.
        heat: (H, W) in [0, 1].
        opacity: at the highest heat, in [0, 1].
        colour_map: one of ``COLOUR_MAPS``.
    """
    painted = picture.copy()
    hot = _around(heat > 0)
    values = np.clip(heat[hot], 0, 1)
    # Half the full opacity is reached at a quarter of the heat, so that moderate heat still shows.
    alpha = (opacity * np.sqrt(values))[:, :, None]
    blended = colour_table(colour_map).take(np.round(values * 255).astype(np.uint8), axis=0)
    # In place, which takes a third of the time.
    blended -= picture[hot]
    blended *= alpha
    blended += picture[hot]
    painted[hot] = np.rint(blended, out=blended)
    return painted


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
    """Draw true positive, false negative and false positive pixels of two bool masks on black; (H, W, 3) uint8."""
    picture = np.zeros((*true.shape, 3), np.uint8)
    picture[predicted & true] = TRUE_POSITIVE_COLOUR
    picture[true & ~predicted] = FALSE_NEGATIVE_COLOUR
    picture[predicted & ~true] = FALSE_POSITIVE_COLOUR
    return picture


def outline(mask: np.ndarray) -> np.ndarray:
    """Return the line around a (H, W) bool mask, outside it, as wide as a 256th of the slice's longer side."""
    from scipy import ndimage

    width = max(1, round(max(mask.shape) / 256))
    line = np.zeros(mask.shape, bool)
    if mask.any():
        around = _around(mask, width)
        line[around] = ndimage.binary_dilation(mask[around], iterations=width) & ~mask[around]
    return line


def _around(mask: np.ndarray, margin: int = 0) -> tuple[slice, ...]:
    """Return the index of the smallest part of a (H, W) bool mask that holds all of it, and a margin in pixels."""
    places = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    return tuple(slice(max(0, int(at[0]) - margin), int(at[-1]) + margin + 1) if len(at) else slice(0) for at in places)


def encode_png(picture: np.ndarray, notes: Sequence[str] = (), *, quick: bool = False) -> bytes:
    """Encode a (H, W, 3) or (H, W) uint8 or a (H, W) bool picture as PNG, with ``notes`` in the file's comment.

    The comment keeps the fact that a slice is simulated even when the file is renamed. A ``quick`` file is made in a
    fifth of the time, and larger.
    """
    values = picture.astype(np.uint8) * 255 if picture.dtype == bool else picture
    metadata = PngInfo()
    if notes:
        metadata.add_itxt("Comment", " ".join(notes))
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", pnginfo=metadata, compress_level=1 if quick else 6)
    return file.getvalue()


@functools.cache
def colour_table(name: str) -> np.ndarray:
    """Return (256, 3) float32 colours of one of plotly's sequential scales."""
    # Not plotly.colors, which imports all of plotly.
    from _plotly_utils.colors import hex_to_rgb, sequential, unlabel_rgb  # type: ignore[import-untyped]

    stops = np.array([hex_to_rgb(c) if c.startswith("#") else unlabel_rgb(c) for c in getattr(sequential, name)])
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(np.linspace(0, 1, 256), places, stops[:, i]) for i in range(3)], 1).astype(np.float32)


def thumbnail(
    pixels: np.ndarray, side: int, *, mask: np.ndarray | None = None, window: tuple[float, float] | None = None
) -> np.ndarray:
    """Return a small square picture, padded with black, (side, side, 3) uint8.

    Args:
        pixels: (H, W) intensities.
        side: of the picture in pixels.
        mask: (H, W) bool whose outline is drawn.
        window: intensities drawn black and white; see ``default_window``.
    """
    step = math.ceil(max(pixels.shape) / (2 * side))
    few = pixels[::step, ::step]
    picture = grey_image(few, *(window or default_window(few)))
    if mask is not None and mask.any():
        picture = overlay_mask(picture, mask[::step, ::step], colour=PREDICTED_COLOUR)
    frame = centred_placement(*few.shape)
    square = np.zeros((frame.side, frame.side, 3), np.uint8)
    square[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width] = picture
    return np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR))


def encode_jpeg(picture: np.ndarray, quality: int = _JPEG_QUALITY) -> bytes:
    """Encode a (H, W, 3) uint8 picture as JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return file.getvalue()
