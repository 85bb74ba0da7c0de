"""Files in the data set's published layout, made in memory: MATLAB v7.3 files, sound or damaged.

A .mat file is HDF5 behind 512 bytes of MATLAB's own. Its struct ``cjdata`` holds 2-D arrays transposed, since
MATLAB counts columns first. ``mat_bytes`` writes a slice, ``hdf5_bytes`` anything else.
"""

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

HEADER = b"MATLAB 7.3 MAT-file, Platform: PCWIN64, HDF5 schema 1.00 ."


def hdf5_bytes(fill: Callable[[h5py.File], Any]) -> bytes:
    """Return the bytes of a v7.3 file that ``fill`` fills."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512) as file:
        fill(file)
    data = bytearray(buffer.getvalue())
    data[:512] = HEADER.ljust(116) + bytes(8) + b"\x00\x02IM" + bytes(512 - 128)
    return bytes(data)


def mat_bytes(
    pixels: np.ndarray | None,
    mask: np.ndarray | None = None,
    *,
    label: float | None = 1,
    pid: str | None = "000000",
    border: list[float] | np.ndarray | None = None,
    compression: str | None = "gzip",
) -> bytes:
    """Return one slice's .mat file.

    Args:
        pixels: (H, W) upright; None leaves ``image`` out, as None does for every other field.
        mask: (H, W) upright.
        label: 1 meningioma, 2 glioma, 3 pituitary.
        pid: the patient id.
        border: x1, y1, x2, y2, …
        compression: of image and mask.
    """

    def fill(file: h5py.File) -> None:
        group = file.create_group("cjdata")
        group.attrs["MATLAB_class"] = np.bytes_("struct")

        def put(name: str, array: np.ndarray, matlab_class: str, **options: Any) -> None:
            group.create_dataset(name, data=array, **options).attrs["MATLAB_class"] = np.bytes_(matlab_class)

        if pid is not None:
            put("PID", np.array([[ord(character)] for character in pid], np.uint16), "char")
        if pixels is not None:
            put("image", pixels.T, str(pixels.dtype), compression=compression)
        if label is not None:
            put("label", np.array([[float(label)]]), "double")
        if border is not None:
            put("tumorBorder", np.asarray(border, float).reshape(1, -1), "double")
        if mask is not None:
            put("tumorMask", mask.T.astype(np.uint8), "logical", compression=compression)

    return hdf5_bytes(fill)


def cvind_bytes(folds: list[int]) -> bytes:
    """Return cvind.mat with the folds, 1 to 5, of slices 1, 2, …"""
    return hdf5_bytes(lambda file: file.create_dataset("cvind", data=np.array([folds], float)))


def a_slice(number: int, *, side: int = 64, height: int | None = None) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Make a slice: noise with a bright, tilted ellipse, which no rotation or reflection maps onto itself.

    Each number gives another ellipse.

    Returns:
        (H, W) int16, (H, W) bool, and x1, y1, x2, y2, … in pixels.
    """
    height = height or side
    random = np.random.default_rng(number)
    x0, y0 = side * (0.3 + 0.01 * (number % 9)), height * (0.6 + 0.01 * (number % 7))
    long, short = side * 0.2, side * 0.15
    rows, columns = np.mgrid[:height, :side]
    u, v = (columns - x0) * 0.8 + (rows - y0) * 0.6, (rows - y0) * 0.8 - (columns - x0) * 0.6
    mask = (u / long) ** 2 + (v / short) ** 2 <= 1
    pixels = random.integers(0, 80, mask.shape).astype(np.int16)
    pixels[mask] += 150
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    # Half a pixel inside, since filling a polygon includes its outline.
    u, v = np.cos(angle) * (long - 0.5), np.sin(angle) * (short - 0.5)
    border = np.stack([x0 + 0.8 * u - 0.6 * v, y0 + 0.6 * u + 0.8 * v], axis=1).round(2)
    return pixels, mask, border.ravel().tolist()


def assert_whole(mat, pixels: np.ndarray, mask: np.ndarray, border: np.ndarray) -> None:
    """Check that a .mat file was read upright and whole: glioma of the patient ZZ000001B."""
    assert mat.pixels.dtype == np.int16
    np.testing.assert_array_equal(mat.pixels, pixels)
    assert mat.mask.dtype == bool
    np.testing.assert_array_equal(mat.mask, mask)
    assert (mat.label, mat.pid) == (2, "ZZ000001B")
    np.testing.assert_array_equal(mat.border, np.reshape(border, (-1, 2)))
