"""The outline of the head: traced, written, read, and as shipped."""

from pathlib import Path

import numpy as np
import pytest

from core.dataset.head_outlines import OUTLINES_FILE, head_outline, measure_outline, write_outlines
from core.dataset.splits import index_table
from core.errors import DatasetError
from core.ood.framing_shortcut import MARGINS, shortcut_table
from core.readers.preprocessing import HEAD, MIN_MAX, preprocess_slice

SIDE = 512
NUMBER = 7


def ellipse(*, centre: tuple[float, float] = (260, 240), radii: tuple[float, float] = (180, 140)) -> np.ndarray:
    """A (512, 512) bool head, by row and column."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return ((rows - centre[0]) / radii[0]) ** 2 + ((columns - centre[1]) / radii[1]) ** 2 <= 1


def slice_of(head: np.ndarray) -> np.ndarray:
    """A slice of that head with a dark ventricle inside and a bright speck outside."""
    pixels = np.where(head, 900, 3).astype(np.int16)
    pixels[250:270, 230:250] = 0
    pixels[5:9, 5:9] = 900
    return pixels


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return (first & second).sum() / (first | second).sum()


def test_the_outline_is_the_heads_without_holes_and_specks() -> None:
    head = ellipse()
    outline = measure_outline(NUMBER, slice_of(head))
    assert overlap(outline.area(), head) > 0.97
    assert overlap(outline.area(128), head[2::4, 2::4]) > 0.96
    assert 8 < len(outline.corners) < 80


def test_a_head_that_is_cut_off_reaches_the_border() -> None:
    head = ellipse(centre=(400, 240))
    area = measure_outline(NUMBER, slice_of(head)).area()
    assert area[-3, 240] and overlap(area, head) > 0.97


@pytest.mark.parametrize("preprocessing", (HEAD, MIN_MAX))
def test_a_slice_lies_in_the_input_where_its_pixels_would_have_put_it(preprocessing: str) -> None:
    pixels = slice_of(ellipse())
    _, placement = preprocess_slice(pixels, size=192, preprocessing=preprocessing)
    assert measure_outline(NUMBER, pixels).placement(preprocessing) == placement


def test_a_picture_without_a_head_is_refused() -> None:
    with pytest.raises(DatasetError, match=f"Slice {NUMBER} shows no head"):
        measure_outline(NUMBER, np.zeros((SIDE, SIDE), np.int16))


def test_outlines_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "outlines.npz"
    first, second = (measure_outline(n, slice_of(ellipse(centre=(260, 200 + n)))) for n in (3, 40))
    write_outlines(path, [first, second])
    for written in (first, second):
        read = head_outline(written.number, path)
        assert (read.size, read.box) == (written.size, written.box)
        assert (read.corners == written.corners).all()
    with pytest.raises(DatasetError, match="no outline of a slice 4"):
        head_outline(4, path)


@pytest.mark.parametrize("content", (None, b"", b"no archive", "corners"))
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "outlines.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        write_outlines(path, [measure_outline(1, slice_of(ellipse()))])
        arrays = dict(np.load(path))
        np.savez(path, **{**arrays, "corner": arrays["corner"][:-1]})
    with pytest.raises(DatasetError, match="core outlines"):
        head_outline(1, path)


def test_every_slice_of_the_data_set_has_an_outline_in_its_box() -> None:
    """The box is the one whose margins framing_shortcut.csv has: two files, measured apart."""
    index, margins = index_table().set_index("slice"), shortcut_table().set_index("slice")
    apart = 0
    for number, size in index["size"].items():
        outline = head_outline(int(str(number)))
        assert outline.size == size and len(outline.corners) >= 8
        rows, columns = outline.box
        expected = [rows.start, size - rows.stop, columns.start, size - columns.stop]
        assert margins.loc[number, list(MARGINS)].to_numpy(float) * size == pytest.approx(expected, abs=0.01)
        (left, top), (right, bottom) = (edge(outline.corners, 0) * (size / 255) for edge in (np.min, np.max))
        off = np.abs([top - rows.start, bottom - rows.stop, left - columns.start, right - columns.stop]).max()
        apart += off > 0.02 * size
    assert apart <= 10, "boxes around more than the largest piece"


def test_an_outline_is_some_bytes_a_slice_and_no_picture() -> None:
    assert OUTLINES_FILE.stat().st_size < 100 * len(index_table())


@pytest.mark.dataset
@pytest.mark.parametrize("number", (1, 752, 955, 1500, 3064))
def test_the_shipped_outline_is_the_slices(data_store, number: int) -> None:
    shipped, measured = head_outline(number), measure_outline(number, data_store.pixels(number))
    assert shipped.box == measured.box
    assert (shipped.corners == measured.corners).all()
