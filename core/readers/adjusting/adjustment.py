"""Make a picture ready for the networks: trim a frame around it, turn dark and bright back, rotate and mirror it."""

from dataclasses import dataclass, replace

import numpy as np

from core.readers.slices import MIN_SIDE, Slice
from core.text import joined
from core.translation.messages import Message, mark

TOLERANCE = 0.06
"""Share of the range within which pixels have one value; JPEG blurs a frame that much."""
_RING_SHARE = 0.6
"""Share of the outermost pixels that must have one bright value, for a frame or an inverted picture."""
_MARGIN_SHARE = 0.7
"""Share of a row or a column that must have that value to belong to the frame; letters and ticks take the rest."""
BRIGHT = 0.25
"""Share of the range above which the value of the outermost pixels is no MRI's background."""
_CORNER = 12
"""A corner's side as a part of the picture's."""


@dataclass(frozen=True)
class Adjustment:
    """What is done to a slice, in this order.

    Attributes:
        box: the rows and columns that are kept, (top, bottom, left, right); None for all.
        inverted: whether dark and bright change places.
        quarter_turns: by how many right angles it is turned, counter-clockwise.
        mirrored: whether left and right change places.
        spacing_mm: the side of a pixel as the visitor states it, or None.
    """

    box: tuple[int, int, int, int] | None = None
    inverted: bool = False
    quarter_turns: int = 0
    mirrored: bool = False
    spacing_mm: float | None = None

    def __call__(self, slice_: Slice) -> Slice:
        """Return the slice after the adjustment; its mask moves with it."""
        if self == Adjustment():
            return slice_
        changed = replace(
            slice_,
            pixels=self._inverted(self._moved(slice_.pixels)),
            mask=None if slice_.mask is None else self._moved(slice_.mask),
        )
        if self.spacing_mm:
            changed = replace(changed, spacing_mm=self.spacing_mm, spacing_source=mark("as stated by hand"))
        return changed

    def undone(self, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Bring (h, w) values of the adjusted slice, such as its mask, back to a file of this shape; zeros outside."""
        values = np.rot90(values[:, ::-1] if self.mirrored else values, -self.quarter_turns)
        if self.box is None:
            return np.ascontiguousarray(values)
        top, bottom, left, right = self.box
        whole = np.zeros(shape, values.dtype)
        whole[top:bottom, left:right] = values
        return whole

    def cropped(self, box: tuple[int, int, int, int], shape: tuple[int, int]) -> "Adjustment":
        """Return the adjustment that keeps a part of the adjusted slice alone.

        Args:
            box: the part, (top, bottom, left, right) in pixels of the adjusted slice; what lies outside is cut off. One
                smaller than a slice may be changes nothing.
            shape: of the file.
        """
        part = np.zeros(self._moved(np.zeros(shape, bool)).shape, bool)
        top, bottom, left, right = (max(0, edge) for edge in box)
        part[top:bottom, left:right] = True
        rows, columns = (np.flatnonzero(self.undone(part, shape).any(axis=axis)) for axis in (1, 0))
        if min(len(rows), len(columns)) < MIN_SIDE:
            return self
        return replace(self, box=(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1))

    def _moved(self, values: np.ndarray) -> np.ndarray:
        if self.box:
            top, bottom, left, right = self.box
            values = values[top:bottom, left:right]
        values = np.rot90(values, self.quarter_turns)
        return np.ascontiguousarray(values[:, ::-1] if self.mirrored else values)

    def _inverted(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.min() + pixels.max() - pixels if self.inverted else pixels

    def sentence(self, shape: tuple[int, int]) -> str | None:
        """Say what is done to the pixels of a file of this shape; None where nothing is."""
        done = []
        if self.box:
            top, bottom, left, right = self.box
            widest = max(top, shape[0] - bottom, left, shape[1] - right)
            done.append(Message("a frame of up to {widest} px trimmed", widest=widest))
        if self.inverted:
            done.append(Message("dark and bright exchanged"))
        if self.quarter_turns:
            done.append(Message("turned by {degrees}°", degrees=self.quarter_turns * 90))
        if self.mirrored:
            done.append(Message("mirrored"))
        return Message("Changed before the analysis: {changes}.", changes=joined(done)) if done else None


def suggest_adjustment(pixels: np.ndarray) -> Adjustment:
    """Find a bright frame around a picture, or that dark and bright have changed places.

    The background of an MRI is dark. Where most of the outermost pixels share one brighter value, rows and columns
    that mostly have it are a frame, with letters and ticks in it. Where the rest still has a bright background, the
    picture is inverted instead.

    Args:
        pixels: (H, W), any number type.
    """
    values = pixels.astype(np.float32)
    low, span = float(values.min()), float(np.ptp(values)) or 1.0
    unit = (values - low) / span
    value = _ring_value(unit)
    if value is None:
        return Adjustment()
    box = _inside_frame(np.abs(unit - value) <= TOLERANCE)
    if box is not None:
        top, bottom, left, right = box
        if not _has_corners_of(value, unit[top:bottom, left:right]):
            return Adjustment(box=box)
    return Adjustment(inverted=_ring_value(1 - unit) is None)


def _ring_value(unit: np.ndarray) -> float | None:
    """Return the bright value that most of the outermost pixels share; None where there is none."""
    ring = np.concatenate([unit[0], unit[-1], unit[1:-1, 0], unit[1:-1, -1]])
    value = float(np.median(ring))
    shared = np.abs(ring - value) <= TOLERANCE
    return value if value > BRIGHT and shared.mean() >= _RING_SHARE else None


def _has_corners_of(value: float, unit: np.ndarray) -> bool:
    """Return whether most of the four corners have a value: a head does not fill them, so it is the background's."""
    height, width = (max(side // _CORNER, 1) for side in unit.shape)
    near = np.abs(unit - value) <= TOLERANCE
    corners = [
        near[rows, columns]
        for rows in (slice(height), slice(-height, None))
        for columns in (slice(width), slice(-width, None))
    ]
    return float(np.mean([corner.mean() for corner in corners])) > 0.5


def _inside_frame(is_frame: np.ndarray) -> tuple[int, int, int, int] | None:
    """Return the box (top, bottom, left, right) inside the outer rows and columns that are frame; None if too small."""
    top, bottom, left, right = 0, is_frame.shape[0], 0, is_frame.shape[1]
    while True:
        inner = is_frame[top:bottom, left:right]
        rows = np.flatnonzero(inner.mean(axis=1) < _MARGIN_SHARE)
        columns = np.flatnonzero(inner.mean(axis=0) < _MARGIN_SHARE)
        if len(rows) < MIN_SIDE or len(columns) < MIN_SIDE:
            return None
        before = top, bottom, left, right
        top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
        if before == (top, bottom, left, right):
            return before
