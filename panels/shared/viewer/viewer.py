"""The viewer: a slice with its layers on a canvas of the browser, which zooms, windows and measures without a rerun."""

import json
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.inference.render import (
    COLOUR_MAPS,
    PREDICTED_COLOUR,
    SHOW_HEAT_MAP,
    SHOW_TRUTH,
    TRUE_COLOUR,
    colour_table,
    default_window,
)
from core.readers.slices import MIN_SIDE, Slice
from core.translation.messages import shown, tr
from panels.shared.slices.image import shown_pixels
from panels.shared.viewer.words import spoken_words

_FOLDER = Path(__file__).parent
MODULES = ("words", "picture", "geometry", "png", "look", "stage", "gestures", "viewer")
"""The script's files in the order in which they make one module."""
_QUICK = 1
"""zlib's level: planes cost less to send than to press harder."""
_WORDS = 65535
_BUTTONS = ("left", "right", "flip", "invert", "undo")
"""What changes the picture at a press."""
_SHAPE = ("small", "adjusting", "stepping")
"""What the elements of a viewer depend on."""
_SHARE = 0.54
"""Of the page's width, where words stand beside the viewer."""


@dataclass(frozen=True)
class Layer:
    """What lies over a slice.

    Attributes:
        name: on its button, and what keeps it on or off from slice to slice.
        plane: (H, W) bool mask or area; heat or probability in [0, 1].
        kind: a mask is outlined or filled, an area is filled, heat is coloured, a probability is only read below the
            pointer.
        colour: of a mask or an area, red, green and blue.
        note: what it shows, for its button's tooltip.
        on: whether it is drawn until the visitor decides.
    """

    name: str
    plane: np.ndarray
    kind: Literal["mask", "area", "heat", "probability"] = "mask"
    colour: tuple[int, int, int] = PREDICTED_COLOUR
    note: str = ""
    on: bool = True


@dataclass(frozen=True)
class Volume:
    """Where a slice stands in its volume.

    Attributes:
        position: from 1.
        count: of slices.
        on_step: called with the number of slices to go on by, back where it is negative.
    """

    position: int
    count: int
    on_step: Callable[[int], None]


@dataclass(frozen=True)
class Adjusting:
    """What the viewer's buttons do to the picture that is analysed.

    Attributes:
        on_adjust: called with "left", "right", "flip", "invert", "undo" or "crop", and for the last with the box to
            keep, (top, bottom, left, right) in pixels of the slice.
        undoable: whether there is a change to undo.
    """

    on_adjust: Callable[[str, tuple[int, int, int, int] | None], None]
    undoable: bool


def viewer_and_words(*, key: str, share: float = _SHARE) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return the column of a viewer and the one of what stands beside it, below it on a telephone.

    The viewer's room is kept from the start: what stands below it would move once it has come.

    Args:
        key: tells the two from others on the page.
        share: of the page's width that the viewer gets.
    """
    viewer, words = st.container(key=f"{key}_sides").columns([share, 1 - share], gap="medium")
    return viewer, words


def mask_layers(predicted: np.ndarray | None, true: np.ndarray | None) -> list[Layer]:
    """Return the layers of those (H, W) bool masks that there are, the true one below, in their colours."""
    layers = []
    if true is not None and true.any():
        layers.append(Layer(tr(SHOW_TRUTH), true, colour=TRUE_COLOUR))
    if predicted is not None:
        layers.append(Layer(tr("Predicted mask"), predicted))
    return layers


def heat_layer(heat: np.ndarray, note: str, *, on: bool = True) -> Layer:
    """Return the layer of an (H, W) heat map in [0, 1]."""
    return Layer(tr(SHOW_HEAT_MAP), heat, "heat", note=note, on=on)


def probability_layer(tumour: np.ndarray) -> Layer:
    """Return the layer of an (H, W) probability of tumour in [0, 1], which is read below the pointer."""
    return Layer(tr("Probability"), tumour, "probability")


def draw_viewer(
    slice_: Slice,
    layers: Sequence[Layer] = (),
    *,
    key: str,
    label: str,
    caption: str | None = None,
    group: str | None = None,
    small: bool = False,
    volume: Volume | None = None,
    adjusting: Adjusting | None = None,
) -> None:
    """Draw a slice in the viewer.

    Args:
        slice_: the slice; a larger one than the page has room for is thinned out.
        layers: over it, the lowest first, of the slice's size.
        key: tells the viewer from others of the page; zoom, window and layers stay with it from slice to slice.
        label: says what the picture shows to those who do not see it.
        caption: below the picture; the slice's name if None.
        group: viewers of one group zoom, move and window as one.
        small: whether the viewer is as wide as its column and as high, whatever the window's height.
        volume: lets the visitor step through slices.
        adjusting: lets the visitor turn, mirror, invert and crop the picture.
    """
    callbacks: dict[str, Any] = {}
    if volume:
        callbacks["on_step_change"] = lambda: step_as_wished(volume, st.session_state[key]["step"])
    if adjusting:
        callbacks["on_adjust_change"] = lambda: adjust_as_wished(adjusting, st.session_state[key]["adjust"])
    count = volume.count if volume else 1
    options = {
        "group": group or key,
        "label": label,
        "caption": shown(slice_.name) if caption is None else caption,
        "position": volume.position if volume else 1,
        "count": count,
        "adjustable": adjusting is not None,
        "undoable": adjusting is not None and adjusting.undoable,
    }
    component = _COMPONENTS[small, adjusting is not None, count > 1]
    component(key=key, data=packed_picture(slice_, layers, options), **callbacks)


def draw_waiting(slice_: Slice, layers: Sequence[Layer] = (), *, key: str, **options: Any) -> None:
    """Draw the slice where a viewer will stand once its layers are there, with the room that it will take.

    Args:
        slice_: the slice.
        layers: whose buttons the viewer will have; what is not there yet is empty.
        key: of the viewer.
        options: those of ``draw_viewer`` that the viewer will have.
    """
    draw_viewer(slice_, layers, key=f"{key}_waiting", label=tr("The slice"), **options)


def adjust_as_wished(adjusting: Adjusting, wish: object) -> None:
    """Pass on what a browser asks for; what it may not ask for is dropped."""
    kind, box = (wish.get("kind"), wish.get("box")) if isinstance(wish, dict) else (None, None)
    if kind == "crop" and isinstance(box, list) and len(box) == 4 and all(isinstance(edge, int) for edge in box):
        adjusting.on_adjust("crop", (box[0], box[1], box[2], box[3]))
    elif kind in _BUTTONS and isinstance(kind, str):
        adjusting.on_adjust(kind, None)


def step_as_wished(volume: Volume, wish: object) -> None:
    """Pass on by how many slices a browser goes on, as far as there are some."""
    if isinstance(wish, int):
        volume.on_step(max(1 - volume.position, min(wish, volume.count - volume.position)))


def packed_picture(slice_: Slice, layers: Sequence[Layer], options: dict[str, Any]) -> bytes:
    """Return what the browser is sent: the length of a JSON header, the header, and the deflated planes.

    The planes are the stored values, low bytes and then high bytes where they take two, a byte a pixel of each layer,
    and 256 colours of each colour map.

    Args:
        slice_: the slice.
        layers: over it.
        options: what else the header has.
    """
    shown = shown_pixels(slice_)
    pixels = slice_.pixels[shown]
    stored, offset, scale = stored_values(pixels)
    planes = [(stored & 255).astype(np.uint8)]
    if stored.dtype == np.uint16:
        planes.append((stored >> 8).astype(np.uint8))
    planes += [_byte_plane(layer.plane[shown]) for layer in layers]
    planes += [np.rint(colour_table(name)).astype(np.uint8) for name in COLOUR_MAPS]
    content = b"".join(plane.tobytes() for plane in planes)
    step = shown[0].step
    header = {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "step": step,
        "spacing": slice_.spacing_mm,
        "bytes": stored.dtype.itemsize,
        "offset": offset,
        "scale": scale,
        "top": int(stored.max()),
        "window": default_window(pixels),
        "least": MIN_SIDE,
        "layers": [
            {"name": layer.name, "kind": layer.kind, "colour": layer.colour, "note": layer.note, "on": layer.on}
            for layer in layers
        ],
        "maps": COLOUR_MAPS,
        "file": f"{re.sub(r'[^0-9A-Za-z]+', '-', Path(slice_.name).stem).strip('-') or 'slice'}-view.png",
        "notes": " ".join(map(tr, slice_.notes)),
        "picture": blake2b(pixels.tobytes(), digest_size=8).hexdigest(),
        **spoken_words(),
        **options,
    }
    header["id"] = blake2b(json.dumps(header).encode() + content, digest_size=8).hexdigest()
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + zlib.compress(content, _QUICK)


def stored_values(pixels: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return (H, W) uint8 or uint16 values with offset and scale: an intensity is offset + scale times the value.

    Whole numbers within a range of 65535 are kept as they are; others in 65536 steps of their range.
    """
    low, high = float(pixels.min()), float(pixels.max())
    span = high - low
    if span <= _WORDS and bool((np.mod(pixels, 1) == 0).all()):
        return (pixels - low).astype(np.uint8 if span <= 255 else np.uint16), low, 1.0
    scale = span / _WORDS or 1.0
    return np.rint((pixels - low) / scale).astype(np.uint16), low, scale


def _byte_plane(plane: np.ndarray) -> np.ndarray:
    if plane.dtype == bool:
        return plane.astype(np.uint8)
    return np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)


def component_script() -> str:
    """Return the files of the script as one module: what they import of each other stands in it already."""
    texts = [(_FOLDER / f"{name}.mjs").read_text(encoding="utf-8") for name in MODULES]
    return re.sub(r'^import .* from "\./.*";\n', "", "".join(texts), flags=re.MULTILINE)


_HTML = (_FOLDER / "viewer.html").read_text(encoding="utf-8")


def component_html(*, small: bool, adjusting: bool, stepping: bool) -> str:
    """Return the elements of a viewer with the buttons that it has from its first moment on.

    What its script would show or hide only later would move the picture.

    Args:
        small: see ``draw_viewer``.
        adjusting: whether it has the buttons that change the picture.
        stepping: whether it has those that step through a volume.
    """
    html = _HTML
    for name, is_there in (("adjusting", adjusting), ("stepping", stepping)):
        html = html.replace(f'class="{name}"', f'class="{name}"{"" if is_there else " hidden"}')
    return html.replace('class="viewer"', 'class="viewer small"') if small else html


_CSS, _SCRIPT = (_FOLDER / "viewer.css").read_text(encoding="utf-8"), component_script()
_COMPONENTS = {
    shape: st.components.v2.component(
        "_".join(["slicescope_viewer", *(name for name, has in zip(_SHAPE, shape, strict=True) if has)]),
        html=component_html(**dict(zip(_SHAPE, shape, strict=True))),
        css=_CSS,
        js=_SCRIPT,
    )
    for shape in product((False, True), repeat=len(_SHAPE))
}
"""By whether it is small, has the buttons that adjust, and those that step."""
