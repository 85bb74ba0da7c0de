"""Read the numbers of one struct from a MATLAB file of version 5, or 7, which is the same compressed.

The format is MathWorks' "MAT-File Format" (Level 5). A file is a row of elements, each with its type and size; a struct
is an element of elements. Only arrays of plain numbers are read, one struct deep, and no size is believed that the file
does not hold.
"""

import math
import struct
import zlib
from collections.abc import Iterator, Mapping

import numpy as np

from core.config import MAX_SIDE
from core.errors import SliceError

MAX_INFLATED = 2 * MAX_SIDE * MAX_SIDE * 8 + 2**20
"""Most bytes of a struct once inflated: image and mask of the largest slice in double precision, and some more."""

_HEADER_BYTES = 128
_MOST_VARIABLES = 1000
_MOST_FIELDS = 1000
_MATRIX, _COMPRESSED = 14, 15
_STORAGE = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
}
"""How numbers are stored: type of an element -> NumPy's name."""
_STRUCT = 2
_CLASSES = {
    4: "u2", 6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
"""What arrays of numbers (and of characters, 4) are: class of an array -> NumPy's name."""
_COMPLEX = 0x08


def read_struct(data: bytes, name: str, most_values: Mapping[str, int]) -> dict[str, np.ndarray] | None:
    """Read fields of the struct ``name`` as MATLAB shows them; None where the file has no such struct.

    Args:
        data: the file.
        name: of a variable.
        most_values: the fields to read, and most values of each; fields that are missing or empty are left out.

    Raises:
        SliceError: the file is damaged, or a field is no array of plain numbers, or is larger than allowed.
    """
    order = "<" if data[126:128] == b"IM" else ">"
    for number, (kind, content) in enumerate(_elements(memoryview(data)[_HEADER_BYTES:], order)):
        if number == _MOST_VARIABLES:
            raise SliceError(
                "The .mat file has more than {limit} variables; it should hold one slice.", limit=_MOST_VARIABLES
            )
        matrix = _inflated_matrix(content, order, name) if kind == _COMPRESSED else content
        if matrix is None or kind not in (_COMPRESSED, _MATRIX):
            continue
        parts = _elements(matrix, order)
        array_class, _, dimensions, title = _matrix_header(parts, order)
        if title == name:
            if array_class != _STRUCT or math.prod(dimensions) != 1:
                raise SliceError("The .mat file's '{name}' is not one struct, as the data set's files have.", name=name)
            return _read_fields(parts, order, most_values)
    return None


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield each element's type and content."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise _damaged()
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:  # a small element: size and type in one word, content in the other
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            end = start + size if kind == _COMPRESSED else start + math.ceil(size / 8) * 8
        if start + size > len(data) or (start == at + 4 and size > 4):
            raise _damaged()
        yield kind, data[start : start + size]
        at = end


def _inflated_matrix(content: memoryview, order: str, name: str) -> memoryview | None:
    """Inflate a compressed variable if it bears the name; only its first bytes are inflated to see."""
    try:
        first = zlib.decompressobj().decompress(content, 64 + len(name))
        if name.encode() not in first:
            return None
        inflated = zlib.decompressobj().decompress(content, MAX_INFLATED + 1)
    except zlib.error as error:
        raise _damaged() from error
    if len(inflated) > MAX_INFLATED:
        raise SliceError(
            "The .mat file's '{name}' inflates to more than {megabytes:.0f} MB, more than a slice has.",
            name=name,
            megabytes=MAX_INFLATED / 1e6,
        )
    kind, matrix = next(_elements(memoryview(inflated), order), (0, memoryview(b"")))
    return matrix if kind == _MATRIX else None


def _matrix_header(parts: Iterator[tuple[int, memoryview]], order: str) -> tuple[int, int, tuple[int, ...], str]:
    """Return an array's class, flags, dimensions and name."""
    try:
        flags, dimensions, title = (next(parts)[1] for _ in range(3))
        (word,) = struct.unpack_from(f"{order}I", flags)
    except (RuntimeError, struct.error) as error:
        raise _damaged() from error
    sides = np.frombuffer(dimensions, f"{order}i4", count=len(dimensions) // 4)
    if len(sides) > 32 or (sides < 0).any():
        raise _damaged()
    return word & 0xFF, word >> 8 & 0xFF, tuple(sides.tolist()), bytes(title).decode("latin-1")


def _read_fields(
    parts: Iterator[tuple[int, memoryview]], order: str, most_values: Mapping[str, int]
) -> dict[str, np.ndarray]:
    try:
        (_, length_word), (_, names) = next(parts), next(parts)
        (length,) = struct.unpack_from(f"{order}i", length_word)
    except (StopIteration, struct.error) as error:
        raise _damaged() from error
    if length < 1 or len(names) % length or len(names) // length > _MOST_FIELDS:
        raise _damaged()
    titles = [bytes(names[at : at + length]).split(b"\0")[0].decode("latin-1") for at in range(0, len(names), length)]
    fields = {}
    for title in titles:
        kind, content = next(parts, (0, memoryview(b"")))
        if kind != _MATRIX:
            raise _damaged()
        if title in most_values and title not in fields and len(content):
            array = _read_numbers(content, order, title, most_values[title])
            if array.size:
                fields[title] = array
    return fields


def _read_numbers(content: memoryview, order: str, title: str, most: int) -> np.ndarray:
    parts = _elements(content, order)
    array_class, flags, dimensions, _ = _matrix_header(parts, order)
    if array_class not in _CLASSES or flags & _COMPLEX:
        raise SliceError("The .mat file's '{title}' does not hold plain numbers.", title=title)
    count = math.prod(dimensions)
    if len(dimensions) != 2 or count > most:
        raise SliceError(
            "The .mat file's '{title}' has the shape {dimensions}, more than a slice has.",
            title=title,
            dimensions=dimensions,
        )
    kind, stored = next(parts, (0, memoryview(b"")))
    storage = np.dtype(order + _STORAGE.get(kind, "u1"))
    if kind not in _STORAGE or len(stored) != count * storage.itemsize:
        raise _damaged()
    return np.frombuffer(stored, storage).reshape(dimensions, order="F").astype(_CLASSES[array_class])


def _damaged() -> SliceError:
    return SliceError("The .mat file is damaged or cut short and could not be read.")
