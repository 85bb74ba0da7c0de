"""What is kept of a prediction, so that the slice's pictures can be drawn later without the networks."""

import zlib
from dataclasses import dataclass, field

import numpy as np

from core.inference.gate import GateDecision
from core.inference.predictor import Prediction
from core.inference.result import is_withheld
from core.readers.preprocessing import Placement, map_to_slice


@dataclass(frozen=True)
class KeptPrediction:
    """A prediction's decision, mask and heat map, compressed without loss; of one that is withheld the decision alone.

    Attributes:
        gate: the decision of the classifier's gate; None where it has none.
        shape: (H, W) of the slice.
        heat_side: side of the heat map's plane.
        heat_placement: where that lies on the slice.
    """

    gate: GateDecision | None
    shape: tuple[int, int]
    heat_side: int
    heat_placement: Placement
    _mask: bytes = field(repr=False)
    _heat: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of mask and heat map."""
        return len(self._mask) + len(self._heat)

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool, tumour or not."""
        if not self._mask:
            return np.zeros(self.shape, bool)
        packed = np.frombuffer(zlib.decompress(self._mask), np.uint8)
        return np.unpackbits(packed, count=self.shape[0] * self.shape[1]).reshape(self.shape).astype(bool)

    @property
    def heat(self) -> np.ndarray:
        """(H, W) float32 in [0, 1], the heat map."""
        if not self._heat:
            return np.zeros(self.shape, np.float32)
        return map_to_slice(_unpacked(self._heat, self.heat_side), self.heat_placement)


def keep_prediction(prediction: Prediction) -> KeptPrediction:
    """Return what is kept of a prediction."""
    plane, placement = prediction.heat_plane
    shape = placement.height, placement.width
    if is_withheld(prediction):
        return KeptPrediction(prediction.gate, shape, plane.shape[0], placement, b"", b"")
    mask = zlib.compress(np.packbits(prediction.mask).tobytes(), 1)
    return KeptPrediction(prediction.gate, shape, plane.shape[0], placement, mask, _packed(plane))


def _packed(plane: np.ndarray) -> bytes:
    """Compress a (S, S) float16 plane: its rows' steps from one to the next, low bytes before high ones."""
    numbers = np.ascontiguousarray(plane).view(np.uint16)
    steps = np.diff(numbers, axis=0, prepend=np.zeros_like(numbers[:1]))
    return zlib.compress(steps.view(np.uint8).reshape(-1, 2).T.tobytes(), 1)


def _unpacked(packed: bytes, side: int) -> np.ndarray:
    """Return the plane that ``_packed`` compressed."""
    halves = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(2, -1)
    steps = np.ascontiguousarray(halves.T).view(np.uint16).reshape(side, side)
    return np.cumsum(steps, axis=0, dtype=np.uint16).view(np.float16)
