"""Pictures made of slices that are no single slice of a head: figures of panels, screenshots, negatives.

A network that was trained on single slices often takes them for one. They are made when a gate is fitted or measured,
and never stored.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 256
"""Side of a panel's slice, in pixels."""
MADE_SLICES = 9
"""The most slices that one picture is made of."""
_LAYOUTS = ((2, 2), (2, 2), (1, 2), (2, 1), (1, 3), (2, 3), (3, 3))
_FOUR_PANELS = (2, 2)
_MENU = ("File", "View", "Image", "Tools", "Window", "Help", "Series 4", "W 512 L 256", "Zoom 1.5", "T1 +C")


def figure_of_panels(
    slices: Sequence[np.ndarray], random: np.random.Generator, layout: tuple[int, int] | None = None
) -> np.ndarray:
    """Lay slices out in rows and columns, with gaps, letters and a background as figures of papers have them.

    Args:
        slices: at least one, (H, W) of any number type; drawn from at random.
        random: draws slices, gaps and letters.
        layout: rows and columns; drawn where None.

    Returns:
        (h, w) float32 in [0, 1].
    """
    rows, columns = layout or _LAYOUTS[int(random.integers(len(_LAYOUTS)))]
    gap = int(random.integers(0, SIDE // 12))
    back = int(random.choice([0, 255, 255, 128]))
    height, width = (count * SIDE + (count + 1) * gap for count in (rows, columns))
    figure = Image.new("L", (width, height), back)
    with_letters = random.random() < 0.6
    for place in range(rows * columns):
        left, top = (gap + (place % columns) * (SIDE + gap), gap + (place // columns) * (SIDE + gap))
        panel = _as_picture(slices[int(random.integers(len(slices)))])
        if with_letters:
            letter = chr(ord("A") + place)
            ImageDraw.Draw(panel).text((6, 4), letter, fill=255, font=ImageFont.load_default(28))
        figure.paste(panel, (left, top))
    return _as_unit(figure)


def four_panels(slices: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Lay out four slices two by two; see ``figure_of_panels``."""
    return figure_of_panels(slices, random, _FOUR_PANELS)


def screenshot(slices: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Show a slice in a viewer's window: a bar of menus, a list of small slices at the side, captions.

    Args:
        slices: at least one, (H, W); drawn from at random.
        random: draws slices and the window.

    Returns:
        (h, w) float32 in [0, 1].
    """
    width, height = int(random.integers(480, 800)), int(random.integers(360, 520))
    bright = random.random() < 0.5
    back, front = (225, 20) if bright else (50, 220)
    window = Image.new("L", (width, height), back)
    draw, font = ImageDraw.Draw(window), ImageFont.load_default(int(random.integers(11, 17)))
    bar, list_width = int(random.integers(24, 60)), int(random.integers(70, 150))
    for number, left in enumerate(range(8, width - 60, 70)):
        draw.text((left, bar // 4), _MENU[number % len(_MENU)], fill=front, font=font)
    draw.rectangle([list_width, bar, width - 1, height - 1], fill=0)
    small = list_width - 16
    for top in range(bar + 8, height - small, small + 10):
        window.paste(_drawn(slices, random).resize((small, small)), (8, top))
    side = min(height - bar, width - list_width) - 10
    left = list_width + (width - list_width - side) // 2
    window.paste(_drawn(slices, random).resize((side, side)), (left, bar + 5))
    for top in (bar + 8, height - 24):
        draw.text((list_width + 8, top), str(random.choice(_MENU)), fill=255, font=font)
    return _as_unit(window)


def negative(slices: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Turn a slice's grey values round, its background too, as a negative or a print on paper does.

    Args:
        slices: at least one, (H, W); drawn from at random.
        random: draws the slice.

    Returns:
        (h, w) float32 in [0, 1].
    """
    return 1.0 - _as_unit(_drawn(slices, random))


MADE_KINDS: dict[str, Callable[[Sequence[np.ndarray], np.random.Generator], np.ndarray]] = {
    "figure of panels": figure_of_panels,
    "four-panel figure": four_panels,
    "screenshot": screenshot,
    "negative": negative,
}
"""By kind, the function that makes one picture of slices."""


def _drawn(slices: Sequence[np.ndarray], random: np.random.Generator) -> Image.Image:
    return _as_picture(slices[int(random.integers(len(slices)))])


def _as_picture(pixels: np.ndarray) -> Image.Image:
    """Return a slice as a grey picture of ``SIDE`` pixels a side."""
    low, high = float(pixels.min()), float(pixels.max())
    unit = (pixels.astype(np.float32) - low) / (high - low or 1.0)
    return Image.fromarray(np.round(unit * 255).astype(np.uint8)).resize((SIDE, SIDE))


def _as_unit(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, np.float32) / 255
