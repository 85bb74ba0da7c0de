"""The heat maps and tumour probabilities that a bundle stores of its test slices; read without TensorFlow."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.bundles.bundle import HEAT_MAPS, MASKS, Bundle
from core.errors import BundleError
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
        BundleError: the stored heat maps are altered or cannot be read.
    """
    with _rows_of_slice(bundle, HEAT_MAPS, number) as (file, rows):
        if not len(rows):
            return None
        field = ReceptiveField(float(file["first"]), int(file["step"]))
        return map_to_input(file["heat"][rows[0]] / np.float32(255), int(file["size"]), field)


def stored_tumour_probability(bundle: Bundle, number: int) -> np.ndarray | None:
    """Return a segmenter's stored tumour probabilities of a test slice.

    Args:
        bundle: a bundle.
        number: the slice's number in the data set.

    Returns:
        (S, S) float32 in [0, 1] over the network's input, or None where none are stored.

    Raises:
        BundleError: the stored probabilities are altered or cannot be read.
    """
    with _rows_of_slice(bundle, MASKS, number) as (file, rows):
        return file["probability"][rows[0]] / np.float32(255) if len(rows) else None


@contextmanager
def _rows_of_slice(bundle: Bundle, name: str, number: int) -> Iterator[tuple[Mapping[str, np.ndarray], np.ndarray]]:
    """Yield a file's arrays by name, and the rows that are of a slice: none where the bundle has no such file.

    Raises:
        BundleError: the file is altered or cannot be read.
    """
    if name not in bundle.card.files:
        yield {}, np.array([], np.int64)
        return
    try:
        with np.load(bundle.path(name)) as file:
            yield file, np.flatnonzero(file["slice"] == number)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BundleError(f"{name} of the bundle '{bundle.name}' cannot be read; evaluate it again.") from error
