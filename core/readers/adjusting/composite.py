"""Find the pictures of a composite: slices side by side in one file, in rows and columns of one size."""

import numpy as np

from core.readers.adjusting.adjustment import BRIGHT, TOLERANCE, Adjustment, suggest_adjustment

MOST = 5
"""Most rows and columns of pictures."""
_SHORTEST_SIDE = 48
"""Of a picture, in pixels."""
_GAP_SHARE = 0.98
"""Share of a line that must have one value to be a gap."""
_SHIFT = 0.04
"""How far a gap may lie from where it is expected, as a share of a picture's side."""
_CONTENT_SHARE = 0.05
"""Share of a picture's pixels that differ from most, at least."""
_LOOKED_AT = 128
"""Pixels of a line that are looked at, about."""

Box = tuple[int, int, int, int]


def suggest_pictures(pixels: np.ndarray, usual: Adjustment) -> tuple[Adjustment, ...]:
    """Return the adjustment that leaves each picture of a composite, row by row; none where it is a single picture.

    The picture is divided into as many equal rows and columns as gaps allow: at each border, a line of one value
    crosses the whole picture, and every part has something in it. A head in the middle of a slice leaves no such line.
    What is around all pictures, and around each, is trimmed as ``suggest_adjustment`` does.

    Args:
        pixels: (H, W), any number type.
        usual: what ``suggest_adjustment`` suggests for them.
    """
    top, bottom, left, right = usual.box or (0, pixels.shape[0], 0, pixels.shape[1])
    values = pixels[top:bottom, left:right].astype(np.float32)
    unit = (values - values.min()) / (float(np.ptp(values)) or 1.0)
    rows, columns = _bands(unit), _bands(unit.T)
    boxes = [(*row, *column) for row in rows for column in columns]
    if len(boxes) < 2 or not all(_has_content(unit[a:b, c:d]) for a, b, c, d in boxes):
        return ()
    return tuple(_picture(pixels, (top + a, top + b, left + c, left + d)) for a, b, c, d in boxes)


def _bands(unit: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and the last row (excluded) of each row of pictures, as many rows as gaps allow."""
    some = unit[:, :: max(1, unit.shape[1] // _LOOKED_AT)]
    middle = np.median(some, axis=1)
    is_gap = (np.abs(some - middle[:, None]) <= TOLERANCE).mean(axis=1) >= _GAP_SHARE
    length = len(unit)
    for count in range(min(MOST, length // _SHORTEST_SIDE), 1, -1):
        gaps = [_gap_at(is_gap, length * place / count, length / count * _SHIFT) for place in range(1, count)]
        if all(gap is not None for gap in gaps):
            return _between([gap for gap in gaps if gap is not None], is_gap & (middle > BRIGHT))
    return [(0, length)]


def _gap_at(is_gap: np.ndarray, expected: float, shift: float) -> int | None:
    """Return the row of a gap that is nearest to where it is expected; None where there is none near enough."""
    rows = np.flatnonzero(is_gap)
    near = rows[np.abs(rows + 0.5 - expected) <= shift + 1]
    return int(near[np.abs(near + 0.5 - expected).argmin()]) if len(near) else None


def _between(gaps: list[int], is_bright: np.ndarray) -> list[tuple[int, int]]:
    """Return the rows between gaps. A bright gap is left out as a whole; a dark one is a slice's background too."""
    bands, start = [], 0
    for gap in [*gaps, len(is_bright)]:
        end = gap
        while end > start and is_bright[end - 1]:
            end -= 1
        bands.append((start, end))
        start = gap
        while start < len(is_bright) and is_bright[start]:
            start += 1
    return bands


def _has_content(unit: np.ndarray) -> bool:
    if min(unit.shape) < _SHORTEST_SIDE * (1 - _SHIFT):
        return False
    return float((np.abs(unit - np.median(unit)) > TOLERANCE).mean()) >= _CONTENT_SHARE


def _picture(pixels: np.ndarray, box: Box) -> Adjustment:
    """Return the adjustment that leaves this box of a file, without a frame of its own."""
    top, bottom, left, right = box
    own = suggest_adjustment(pixels[top:bottom, left:right])
    if own.box:
        a, b, c, d = own.box
        top, bottom, left, right = top + a, top + b, left + c, left + d
    return Adjustment((top, bottom, left, right), inverted=own.inverted)
