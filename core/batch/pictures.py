"""The pictures of a report: slice, overlay and heat map as JPEG."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.api.answers import AnsweredSlice, AnsweredVolume
from core.inference.predictor import Predictor
from core.inference.render import SHOW_HEAT_MAP, SHOW_MASK, DisplayOptions, compose_overlay, default_window
from core.inference.result import Drawn, is_withheld
from core.readers.slices import Slice

_SIDE = 480
"""Longest side in pixels: 200 an inch on the page."""
_QUALITY = 88
_NAMES = ("slice", "overlay", "heat")


@dataclass(frozen=True)
class Pictures:
    """JPEG files; overlay and heat map are None where the decision is one with which they are not shown."""

    slice: bytes
    overlay: bytes | None
    heat: bytes | None

    def files(self, stem: str) -> Iterator[tuple[str, bytes]]:
        """Yield the names and contents of the files that keep them."""
        for name in _NAMES:
            content = getattr(self, name)
            if content is not None:
                yield f"{stem}-{name}.jpg", content


def read_pictures(folder: Path, stem: str) -> Pictures:
    """Read pictures that ``Pictures.files`` named.

    Raises:
        OSError: the slice's is missing.
    """
    paths = [folder / f"{stem}-{name}.jpg" for name in _NAMES]
    return Pictures(paths[0].read_bytes(), *(path.read_bytes() if path.exists() else None for path in paths[1:]))


def slice_pictures(answered: AnsweredSlice) -> Pictures:
    """Draw an answered slice."""
    return _draw(answered.slice_, answered.prediction, default_window(answered.slice_.pixels))


def volume_pictures(answered: AnsweredVolume, predictor: Predictor) -> Pictures:
    """Draw the slice that shows most of a volume's mask; its middle one, without a prediction, where none does."""
    volume, plane, largest = answered.volume, answered.plane, answered.answer.largest
    slice_ = volume.slice(plane, largest or (volume.count(plane) + 1) // 2)
    window = volume.window or default_window(slice_.pixels)
    return _draw(slice_, None if largest is None else predictor(slice_), window)


def _draw(slice_: Slice, prediction: Drawn | None, window: tuple[float, float]) -> Pictures:
    plain = DisplayOptions(*window, layers=())
    grey = _jpeg(compose_overlay(slice_.pixels, plain))
    if prediction is None or is_withheld(prediction):
        return Pictures(grey, None, None)
    layers = {"mask": prediction.mask, "heat": prediction.heat}
    overlay = compose_overlay(slice_.pixels, replace(plain, layers=(SHOW_MASK,)), **layers)
    heat = compose_overlay(slice_.pixels, replace(plain, layers=(SHOW_HEAT_MAP,)), **layers)
    return Pictures(grey, _jpeg(overlay), _jpeg(heat))


def _jpeg(picture: np.ndarray) -> bytes:
    image = Image.fromarray(picture)
    image.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
