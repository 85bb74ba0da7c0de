"""The heat maps and tumour probabilities that a bundle stores of its test slices; read without TensorFlow."""

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
    if HEAT_MAPS not in bundle.card.files:
        return None
    file = read_bundle_arrays(bundle, HEAT_MAPS, {"slice": 1, "heat": 3, "first": 0, "step": 0, "size": 0})
    size = bundle.card.input.height
    with refused_content(bundle, HEAT_MAPS):
        _require_bytes_a_slice(file["slice"], file["heat"], "heat")
        if file["size"] != size or file["step"] < 1:
            raise ValueError(f"its heat maps are not of an input of {size} pixels a side")
    (rows,) = np.nonzero(file["slice"] == number)
    if not len(rows):
        return None
    field = ReceptiveField(float(file["first"]), int(file["step"]))
    return map_to_input(file["heat"][rows[0]] / np.float32(255), size, field)


def stored_answer_map(bundle: Bundle, number: int) -> np.ndarray | None:
    """Return the heat map beside the answer to a test slice, of the slice without its mirror image.

    Args, Returns, Raises: as ``stored_heat_map``.
    """
    heat = stored_heat_map(bundle, number)
    if heat is None or not bundle.heat_follows_mask:
        return heat
    tumour = stored_tumour_probability(bundle, number)
    if tumour is None:
        return None
    evidence = heat * tumour
    highest = float(evidence.max())
    return evidence / highest if highest > 0 else evidence


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
    if MASKS not in bundle.card.files:
        return None
    file = read_bundle_arrays(bundle, MASKS, {"slice": 1, "probability": 3})
    size = bundle.card.input.height
    with refused_content(bundle, MASKS):
        _require_bytes_a_slice(file["slice"], file["probability"], "probability")
        if file["probability"].shape[1:] != (size, size):
            raise ValueError(f"its probabilities are not of an input of {size} pixels a side")
    (rows,) = np.nonzero(file["slice"] == number)
    return file["probability"][rows[0]] / np.float32(255) if len(rows) else None


def _require_bytes_a_slice(numbers: np.ndarray, planes: np.ndarray, name: str) -> None:
    """Refuse arrays that do not hold one plane of bytes for each slice number."""
    if len(planes) != len(numbers) or planes.dtype != np.uint8:
        raise ValueError(f"{name} must be one plane of bytes for each slice")
