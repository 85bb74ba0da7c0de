"""What ships of a slice of the data set, as pictures: the head's outline, the predicted mask and the heat map.

Pages show it where the slice itself is not at hand. The true mask is no part of it.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core.bundles.bundle import Bundle
from core.bundles.stored_maps import stored_answer_maps, stored_tumour_probabilities
from core.dataset.head_outlines import HeadOutline, head_outline
from core.errors import BundleError
from core.inference.render import PREDICTED_COLOUR, encode_png, overlay_heat_map, overlay_mask
from core.labels import CLASS_LABELS
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from core.translation.messages import Message, mark
from panels.shared.cache import HASH_BUNDLES
from panels.shared.model_choice import ChosenModel

_NOTE = mark("Only the head's outline is drawn: the slice itself is not on this machine.")
_SIDE = 256
"""Side of a tile in pixels; it is drawn twice as large and reduced, so that its lines are smooth."""
_HEAD, _LINE = 60.0, 190.0
"""Grey values of the head and its outline."""
_LINE_SHARE, _ROUNDED = 1 / 170, 1 / 100
"""Width of the outline, and how far its corners are rounded off, as shares of the slice's side."""
_TINT, _HEAT = 0.2, 0.6
"""Opacity of the class's colour on the head, and of the heat map."""


@dataclass(frozen=True, eq=False)
class Overlays:
    """What bundles store of a slice, at its own size: (H, W) heat map in [0, 1] and bool mask, each or None."""

    heat: np.ndarray | None = None
    mask: np.ndarray | None = None


def stored_overlays(
    outlines: Collection[HeadOutline], classifier: Bundle, segmenter: Bundle, threshold: float
) -> dict[int, Overlays]:
    """Return what two bundles store of slices, by number.

    Args:
        outlines: of the slices.
        classifier: gives the heat map.
        segmenter: gives the mask.
        threshold: least probability of a tumour pixel.

    Raises:
        BundleError: a stored file is altered, or holds something else.
    """
    numbers = [outline.number for outline in outlines]
    heat, tumour = stored_answer_maps(classifier, numbers), stored_tumour_probabilities(segmenter, numbers)
    overlays = {}
    for outline in outlines:
        number = outline.number
        place = {bundle.name: outline.placement(bundle.card.input.preprocessing) for bundle in (classifier, segmenter)}
        overlays[number] = Overlays(
            map_to_slice(heat[number], place[classifier.name]) if number in heat else None,
            map_to_slice(tumour[number], place[segmenter.name]) >= threshold if number in tumour else None,
        )
    return overlays


def outline_slice(outline: HeadOutline) -> Slice:
    """Return the outline as a picture that the viewer shows in the slice's place."""
    return Slice(
        _grey_head(outline, outline.size),
        Message("slice {number}, outline of the head", number=outline.number),
        notes=(_NOTE,),
    )


def outline_picture(outline: HeadOutline, overlays: Overlays, *, class_name: str) -> np.ndarray:
    """Return a tile of what ships of a slice, (256, 256, 3) uint8.

    Args:
        outline: of the head.
        overlays: what is drawn over it.
        class_name: the true class, which gives the head its colour.
    """
    side = 2 * _SIDE
    colour = np.array(_rgb(CLASS_LABELS[class_name].colour))
    head = _rounded(outline, side)
    picture = np.zeros((side, side, 3), np.uint8)
    picture[head] = np.round(_HEAD * (1 - _TINT) + colour * _TINT)
    if overlays.heat is not None:
        picture = overlay_heat_map(picture, _scaled(overlays.heat, side), opacity=_HEAT)
    picture[_edge(head)] = colour
    if overlays.mask is not None:
        picture = overlay_mask(picture, _scaled(overlays.mask, side) >= 0.5, colour=PREDICTED_COLOUR)
    return np.asarray(Image.fromarray(picture).reduce(2))


def outline_tiles(rows: pd.DataFrame, model: ChosenModel) -> dict[int, bytes]:
    """Return the tile of each slice as PNG, by number; without mask and heat map where a bundle cannot be used.

    Args:
        rows: of stored predictions.
        model: gives class and mask.
    """
    try:
        classifier, segmenter = model.classifier, model.segmenter
        return _tiles(tuple(rows["slice"]), tuple(rows["true"]), classifier, segmenter)
    except BundleError:
        return {
            number: encode_png(outline_picture(head_outline(number), Overlays(), class_name=name))
            for number, name in zip(rows["slice"], rows["true"], strict=True)
        }


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=HASH_BUNDLES)
def _tiles(
    numbers: tuple[int, ...], class_names: tuple[str, ...], classifier: Bundle, segmenter: Bundle
) -> dict[int, bytes]:
    outlines = [head_outline(number) for number in numbers]
    overlays = stored_overlays(outlines, classifier, segmenter, segmenter.mask_threshold)
    return {
        outline.number: encode_png(outline_picture(outline, overlays[outline.number], class_name=name))
        for outline, name in zip(outlines, class_names, strict=True)
    }


def _grey_head(outline: HeadOutline, side: int) -> np.ndarray:
    """Return the head and its outline in grey on black, (side, side) float32; drawn twice as large and reduced."""
    head = _rounded(outline, 2 * side)
    grey = np.where(head, np.float32(_HEAD), np.float32(0))
    grey[_edge(head)] = _LINE
    return np.asarray(Image.fromarray(grey).reduce(2))


def _rounded(outline: HeadOutline, side: int) -> np.ndarray:
    """Return the head with its corners rounded off, (side, side) bool."""
    from scipy import ndimage

    area = outline.area(side).astype(np.float32)
    smooth: np.ndarray = ndimage.gaussian_filter(area, side * _ROUNDED, mode="nearest") >= 0.5
    return smooth


def _edge(head: np.ndarray) -> np.ndarray:
    """Return the pixels of a (S, S) bool head along its outline; where it is cut off, along the border."""
    from scipy import ndimage

    return head & ~ndimage.binary_erosion(head, iterations=max(1, round(len(head) * _LINE_SHARE)))


def _scaled(plane: np.ndarray, side: int) -> np.ndarray:
    picture = Image.fromarray(plane.astype(np.float32))
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))


def _rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of a colour such as #0072B2."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
