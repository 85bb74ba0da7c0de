"""Measure what usual changes of a slice do to a bundle's predictions: files, viewers, scanners and positions."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage

from core.bundles.bundle import ROBUSTNESS, Bundle
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.config import CLASSIFICATION, SEED, SEGMENTATION
from core.dataset import splits
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.evaluation.figures import accuracy_of
from core.evaluation.slice_predictions import draw_slices
from core.files import write_table
from core.inference.forward import Network, forward
from core.inference.predictor import model_input
from core.inference.runtime import load_runtime
from core.metrics import overlap
from core.metrics.definitions import DEFINITIONS
from core.networks.losses import tumour_probability
from core.progress import ProgressWrapper
from core.readers.preprocessing import HEAD_THRESHOLD, map_to_slice, resize, scale_by_percentiles, scale_to_unit
from core.readers.slices import Slice

SLICES = 200
"""Number of test slices, drawn from the seed."""
UNALTERED = "unaltered"
SMALL_SIDE = 192
"""Side of a slice, in pixels, on which noise and blur are added: in a larger slice, resizing averages them away."""

Picture = tuple[np.ndarray, np.ndarray]
"""A slice's (H, W) float32 pixels in [0, 1], and its (H, W) bool mask."""
Change = Callable[[np.ndarray, np.ndarray, np.random.Generator], Picture]


def measure_robustness(bundle: Bundle, store: Store, *, progress: ProgressWrapper = iter) -> Card:
    """Predict drawn test slices unaltered and after each of ``CHANGES``; write robustness.csv and the card.

    Args:
        bundle: a trained bundle.
        store: the prepared data set.
        progress: wraps the numbers of the slices.

    Returns:
        The new card, with ``metrics.robustness``.

    Raises:
        BundleError: the bundle cannot be loaded.
        DatasetError: the store lacks a slice.
    """
    network = load_runtime(bundle)
    part = splits.split_parts(bundle.card.data.split)
    numbers = sorted(draw_slices(np.asarray(part.index[part == "test"]), SLICES))
    rows = [
        {"slice": number, "change": name, **_outcome(bundle, network, changed)}
        for number in progress(numbers)
        for name, changed in changed_slices(slice_from_store(store, number)).items()
    ]
    table = pd.DataFrame(rows)
    write_table(bundle.folder / ROBUSTNESS, table)
    figures = {**robustness_figures(table), "definitions": DEFINITIONS["robustness"]}
    return update_card(bundle.folder, {"metrics.robustness": figures}, "Robustness measured.")


def robustness_figures(table: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of the rows of robustness.csv: for the unaltered slices, and by change."""
    by_change = {str(name): _figures(rows) for name, rows in table.groupby("change", sort=False)}
    return {
        "slices": int(table["slice"].nunique()),
        UNALTERED: by_change.pop(UNALTERED),
        "changes": by_change,
    }


def changed_slices(slice_: Slice) -> dict[str, Slice]:
    """Return a slice of the data set unaltered, and after each of ``CHANGES``, by name; noise follows its number."""
    return {UNALTERED: slice_, **{name: changed_slice(slice_, name) for name in CHANGES}}


def changed_slice(slice_: Slice, name: str) -> Slice:
    """Return a slice of the data set after one of ``CHANGES``; noise follows its number."""
    assert slice_.mask is not None  # a store's slices have one
    random = np.random.default_rng([SEED, slice_.number or 0])
    pixels, mask = CHANGES[name](scale_to_unit(slice_.pixels), slice_.mask, random)
    return replace(slice_, pixels=pixels.astype(np.float32), mask=mask)


def with_white_frame(pixels: np.ndarray, width: int) -> np.ndarray:
    """Return (H, W) pixels scaled to [0, 1] under a white frame of ``width`` pixels."""
    framed = np.ones_like(pixels, np.float32)
    inside = np.s_[width:-width, width:-width]
    framed[inside] = scale_to_unit(pixels)[inside]
    return framed


def _outcome(bundle: Bundle, network: Network, slice_: Slice) -> dict[str, Any]:
    """Return the true and the predicted class, and the mask's Dice, as far as the bundle's tasks give them."""
    assert slice_.mask is not None
    inputs, place = model_input(bundle, slice_)
    outputs = forward(bundle, network, inputs)
    found: dict[str, Any] = {"true": slice_.class_name}
    if CLASSIFICATION in outputs:
        found["predicted"] = bundle.card.classes[int(outputs[CLASSIFICATION][0].argmax())]
    if SEGMENTATION in outputs:
        tumour = map_to_slice(tumour_probability(outputs[SEGMENTATION][0]), place)
        found["dice"] = overlap.dice(tumour, slice_.mask, threshold=bundle.mask_threshold)
    return found


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if "predicted" in rows:
        figures["accuracy"] = accuracy_of(rows)
    if "dice" in rows:
        figures |= {"dice_mean": float(rows["dice"].mean()), "missed": float((rows["dice"] == 0).mean())}
    return figures


def _of_intensity(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Change:
    """Return a change of the pixels alone."""
    return lambda unit, mask, random: (change(unit, random), mask)


def _jpeg(unit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(np.round(unit * 255).astype(np.uint8)).save(file, "JPEG", quality=30)
    return np.asarray(Image.open(file), np.float32) / 255


def _shrink(unit: np.ndarray, mask: np.ndarray, factor: float) -> Picture:
    height, width = (round(side * factor) for side in unit.shape)
    smaller = resize(unit, height, width, method=Image.Resampling.BILINEAR)
    return smaller, resize(mask.astype(np.float32), height, width, method=Image.Resampling.BOX) >= 0.5


def _when_small(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Change:
    """Return a change of the pixels of a slice of at most ``SMALL_SIDE`` pixels a side; a larger one is shrunk."""

    def changed(unit: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> Picture:
        smaller, moved = _shrink(unit, mask, min(1.0, SMALL_SIDE / max(unit.shape)))
        return change(smaller, random), moved

    return changed


def _bias_field(unit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(unit * np.linspace(0.7, 1.3, unit.shape[1], dtype=np.float32), 0, 1)


def _noise(unit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(unit + random.normal(0, 0.03, unit.shape), 0, 1)


def _rotate(unit: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> Picture:
    turned, moved = (ndimage.rotate(plane, 10, reshape=False, order=1) for plane in (unit, mask.astype(np.float32)))
    return turned, moved >= 0.5


def _border(unit: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> Picture:
    width = max(unit.shape) // 4
    return np.pad(unit, width), np.pad(mask, width)


def _frame(unit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    line = max(1, max(unit.shape) // 128)
    return with_white_frame(unit, line)


def _skull_strip(unit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    head = ndimage.binary_fill_holes(scale_by_percentiles(unit) > HEAD_THRESHOLD)
    depth = ndimage.distance_transform_cdt(np.pad(head, 1))[1:-1, 1:-1]
    return np.where(depth > 0.05 * max(unit.shape), unit, 0.0)


CHANGES: dict[str, Change] = {
    "jpeg": _of_intensity(_jpeg),
    "half_size": lambda unit, mask, random: _shrink(unit, mask, 0.5),
    "gamma_up": _of_intensity(lambda unit, random: unit**1.5),
    "gamma_down": _of_intensity(lambda unit, random: unit ** (1 / 1.5)),
    "brighter": _of_intensity(lambda unit, random: np.clip(unit + 0.2, 0, 1)),
    "darker": _of_intensity(lambda unit, random: np.clip(unit - 0.1, 0, 1)),
    "bias_field": _of_intensity(_bias_field),
    "noise": _when_small(_noise),
    "blur": _when_small(lambda unit, random: ndimage.gaussian_filter(unit, 0.8)),
    "rotation_10": _rotate,
    "rotation_90": lambda unit, mask, random: (np.rot90(unit), np.rot90(mask)),
    "mirror": lambda unit, mask, random: (unit[:, ::-1], mask[:, ::-1]),
    "border": _border,
    "frame": _of_intensity(_frame),
    "skull_strip": _of_intensity(_skull_strip),
}
"""By name; ``DEFINITIONS["robustness"]`` says what each is."""
