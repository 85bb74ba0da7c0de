"""The heat maps and tumour probabilities that a bundle stores of its test slices; read without TensorFlow."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from core.bundles.bundle import HEAT_MAPS, MASKS, Bundle
from core.bundles.contents import read_bundle_arrays, refused_content
from core.files import replace_file
from core.networks.receptive_field import ReceptiveField, map_to_input


def write_heat_maps(path: Path, grids: dict[int, np.ndarray], *, field: ReceptiveField, size: int) -> None:
    """Write heat maps at their layer's own size.

    Args:
        path: the file.
        grids: (h, w) uint8, 0 to 255 for 0 to 1, by slice number.
        field: the heat maps' positions on the input.
        size: side of the network's input.
    """
    with replace_file(path) as temporary:
        np.savez_compressed(
            temporary,
            slice=np.array(list(grids), np.uint16),
            heat=np.stack(list(grids.values())),
            first=np.float64(field.first),
            step=np.int64(field.step),
            size=np.int64(size),
        )


def stored_heat_map(bundle: Bundle, number: int) -> np.ndarray | None:
    """Return the stored heat map of a test slice for the bundle's own prediction, by its method and at its layer.

    ``core.readers.preprocessing.map_to_slice`` lays it over the slice, with the placement that
    ``core.inference.predictor.model_input`` gives.

    Args:
        bundle: a bundle.
        number: the slice's number in the data set.

    Returns:
        (S, S) float32 in [0, 1] over the network's input, or None where none is stored.

    Raises:
        BundleError: the stored heat maps are altered, or the file holds something else.
    """
    return stored_heat_maps(bundle, [number]).get(number)


def stored_heat_maps(bundle: Bundle, numbers: Collection[int]) -> dict[int, np.ndarray]:
    """Return those stored heat maps of several slices that there are, by number; see ``stored_heat_map``."""
    if HEAT_MAPS not in bundle.card.files:
        return {}
    file = read_bundle_arrays(bundle, HEAT_MAPS, {"slice": 1, "heat": 3, "first": 0, "step": 0, "size": 0})
    size = bundle.card.input.height
    with refused_content(bundle, HEAT_MAPS):
        _require_bytes_a_slice(file["slice"], file["heat"], "heat")
        if file["size"] != size or file["step"] < 1:
            raise ValueError(f"its heat maps are not of an input of {size} pixels a side")
    field = ReceptiveField(float(file["first"]), int(file["step"]))
    grids = _of_slices(file["slice"], file["heat"], numbers)
    return {number: map_to_input(grid, size, field) for number, grid in grids.items()}


def stored_answer_map(bundle: Bundle, number: int) -> np.ndarray | None:
    """Return the heat map beside the answer to a test slice, of the slice without its mirror image.

    Args, Returns, Raises: as ``stored_heat_map``.
    """
    return stored_answer_maps(bundle, [number]).get(number)


def stored_answer_maps(bundle: Bundle, numbers: Collection[int]) -> dict[int, np.ndarray]:
    """Return those heat maps beside the answers to several slices that are stored, by number."""
    heat = stored_heat_maps(bundle, numbers)
    if not heat or not bundle.heat_follows_mask:
        return heat
    evidence = {}
    for number, tumour in stored_tumour_probabilities(bundle, heat).items():
        evidence[number] = heat[number] * tumour
        highest = float(evidence[number].max())
        if highest > 0:
            evidence[number] /= highest
    return evidence


def stored_tumour_probability(bundle: Bundle, number: int) -> np.ndarray | None:
    """Return a segmenter's stored tumour probabilities of a test slice.

    Args:
        bundle: a bundle.
        number: the slice's number in the data set.

    Returns:
        (S, S) float32 in [0, 1] over the network's input, or None where none are stored.

    Raises:
        BundleError: the stored probabilities are altered, or the file holds something else.
    """
    return stored_tumour_probabilities(bundle, [number]).get(number)


def stored_tumour_probabilities(bundle: Bundle, numbers: Collection[int]) -> dict[int, np.ndarray]:
    """Return those stored probabilities of several slices that there are, by number, from one reading of the file.

    See ``stored_tumour_probability``.
    """
    if MASKS not in bundle.card.files:
        return {}
    file = read_bundle_arrays(bundle, MASKS, {"slice": 1, "probability": 3})
    size = bundle.card.input.height
    with refused_content(bundle, MASKS):
        _require_bytes_a_slice(file["slice"], file["probability"], "probability")
        if file["probability"].shape[1:] != (size, size):
            raise ValueError(f"its probabilities are not of an input of {size} pixels a side")
    return _of_slices(file["slice"], file["probability"], numbers)


def _of_slices(stored: np.ndarray, planes: np.ndarray, numbers: Collection[int]) -> dict[int, np.ndarray]:
    """Return the planes of those slices that are stored, by number, as float32 in [0, 1]."""
    wanted = set(numbers)
    rows = {int(number): row for row, number in enumerate(stored) if int(number) in wanted}
    return {number: planes[row] / np.float32(255) for number, row in rows.items()}


def _require_bytes_a_slice(numbers: np.ndarray, planes: np.ndarray, name: str) -> None:
    """Refuse arrays that do not hold one plane of bytes for each slice number."""
    if len(planes) != len(numbers) or planes.dtype != np.uint8:
        raise ValueError(f"{name} must be one plane of bytes for each slice")
