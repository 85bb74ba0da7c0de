"""How each upload is adjusted before it is analysed: trimmed and turned back unasked, the rest offered or by hand."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.errors import SliceError, SliceScopeError
from core.readers.adjusting.adjustment import Adjustment
from core.readers.decoder_pool import DECODER
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.shared.slices.uploads import SliceIdentity
from panels.shared.theme import error_text
from panels.shared.viewer.viewer import Adjusting

_ADJUSTMENTS, _USUAL, _MASKS = "adjustments", "usual_adjustments", "upload_masks"
"""Session keys: by identity the adjustment, the one given unasked, and the visitor's true mask, (H, W) bool."""
_PICTURES, _TURNS = "composite_pictures", "suggested_turns"
"""Session keys: by identity the adjustment for each picture of a composite, and the turn that looks upright by
adjustment."""
_FORMER = "former_adjustments"
"""Session key: by identity the adjustments before the present one, the first one first."""
_TURN_TEXTS = {1: "by 90° to the left", 2: "by 180°", 3: "by 90° to the right"}


def adjusted_upload(identity: SliceIdentity, slice_: Slice) -> Slice:
    """Return an upload as it is adjusted, with the true mask that the visitor gave."""
    from core.dataset.slices import adjust_slice

    return adjust_slice(_with_mask(identity, slice_), _adjustment(identity, slice_))


def forget_adjustments(uploads: Collection[SliceIdentity]) -> None:
    """Let go of what is kept of other uploads."""
    for kept in (_ADJUSTMENTS, _USUAL, _MASKS, _PICTURES, _TURNS, _FORMER):
        for removed in st.session_state.get(kept, {}).keys() - set(uploads):
            del st.session_state[kept][removed]


def changes_by_hand(identity: SliceIdentity) -> tuple[Adjustment | None, np.ndarray | None]:
    """Return how the visitor adjusted an upload, None where that is as usual, and the true mask that they gave it."""
    adjustment = st.session_state.get(_ADJUSTMENTS, {}).get(identity)
    usual = st.session_state.get(_USUAL, {}).get(identity)
    return None if adjustment == usual else adjustment, st.session_state.get(_MASKS, {}).get(identity)


def adjusted_identity(identity: SliceIdentity) -> SliceIdentity:
    """Return the identity of an upload as it is adjusted: another adjustment is another slice."""
    adjustment = st.session_state[_ADJUSTMENTS][identity]
    return identity[0], f"{identity[1]}-{hash(replace(adjustment, spacing_mm=None)) % 2**32:x}"


def place_in_file(identity: SliceIdentity, slice_: Slice) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that brings (h, w) values of the adjusted slice back to the file's own shape."""
    return partial(_adjustment(identity, slice_).undone, shape=slice_.pixels.shape)


def draw_adjustment(identity: SliceIdentity, slice_: Slice, *, key: str) -> None:
    """Draw a button that undoes all changes or restores what was done unasked, and the controls of everything else."""
    current, usual = _adjustment(identity, slice_), _usual(identity, slice_)
    as_in_file = Adjustment(spacing_mm=current.spacing_mm)
    undone = current == as_in_file
    if not undone or usual != Adjustment():
        st.button(
            tr("Trim and turn back") if undone else tr("Undo the changes"),
            key=f"{key}_undo",
            icon=":material/crop:" if undone else ":material/undo:",
            help=None if undone else current.sentence((slice_.pixels.shape[0], slice_.pixels.shape[1])),
            on_click=_set,
            args=(identity, replace(usual, spacing_mm=current.spacing_mm) if undone else as_in_file),
        )
    with st.popover(tr("Adjust the picture"), icon=":material/tune:"):
        st.number_input(
            tr("Side of a pixel, mm"),
            0.01,
            10.0,
            value=current.spacing_mm,
            key=(widget := f"{key}_spacing_{identity[1]}"),
            placeholder=tr("not known") if slice_.spacing_mm is None else f"{slice_.spacing_mm:g}",
            on_change=lambda: _set(identity, replace(current, spacing_mm=st.session_state[widget])),
        )
        if slice_.mask is None:
            _draw_mask_uploader(identity, slice_, key=key)


def adjusting_of(identity: SliceIdentity, slice_: Slice) -> Adjusting:
    """Return what the viewer's buttons do to an upload."""
    current = _adjustment(identity, slice_)
    former: list[Adjustment] = st.session_state.setdefault(_FORMER, {}).setdefault(identity, [])

    def adjust(kind: str, box: tuple[int, int, int, int] | None) -> None:
        if kind == "undo":
            if former:
                st.session_state[_ADJUSTMENTS][identity] = former.pop()
        elif box:
            _set(identity, current.cropped(box, (slice_.pixels.shape[0], slice_.pixels.shape[1])))
        else:
            _set(identity, replace(current, **_change(current, kind)))

    return Adjusting(adjust, undoable=bool(former))


def _change(current: Adjustment, kind: str) -> dict[str, Any]:
    """Return what "left", "right", "flip" or "invert" changes of an adjustment."""
    if kind in ("left", "right"):
        return {"quarter_turns": _turned(current, 1 if kind == "left" else -1)}
    return {"mirrored": not current.mirrored} if kind == "flip" else {"inverted": not current.inverted}


def draw_offers(identity: SliceIdentity, slice_: Slice, *, key: str) -> None:
    """Draw a line and a button each for what a picture seems to need: one of several pictures, or a turn."""
    current, pictures = _adjustment(identity, slice_), _pictures(identity, slice_)
    if pictures:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption(
                tr("{count} pictures seem to be in one file; the networks take one:", count=len(pictures)),
                width="content",
            )
            for number, picture in enumerate(pictures, 1):
                st.button(
                    tr("Picture {number}", number=number),
                    key=f"{key}_picture_{number}",
                    icon=":material/grid_view:",
                    disabled=current.box == picture.box,
                    on_click=_set,
                    args=(identity, replace(picture, spacing_mm=current.spacing_mm)),
                )
    is_single = not pictures or current.box in [picture.box for picture in pictures]
    turn = _suggested_turn(identity, slice_, current) if is_single else 0
    if turn:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption(
                tr(
                    "Turned {turn}, the picture would look more like the data set's slices.",
                    turn=tr(_TURN_TEXTS[turn]),
                ),
                width="content",
            )
            turned = replace(current, quarter_turns=_turned(current, turn))
            st.button(
                tr("Turn it"), key=f"{key}_turn", icon=":material/rotate_right:", on_click=_set, args=(identity, turned)
            )


def _turned(adjustment: Adjustment, turns: int) -> int:
    """Return the quarter turns after further ones to the left, as the visitor sees the picture."""
    # Mirroring comes last: seen from the mirrored side, left is right.
    return (adjustment.quarter_turns + (-turns if adjustment.mirrored else turns)) % 4


def _draw_mask_uploader(identity: SliceIdentity, slice_: Slice, *, key: str) -> None:
    """Draw an uploader for a true mask, a picture of the file's size whose bright pixels are tumour."""
    masks: dict[SliceIdentity, np.ndarray] = st.session_state.setdefault(_MASKS, {})
    widget = f"{key}_mask_{identity[1]}"
    was_drawn = widget in st.session_state  # not so when its page has just been opened again
    file = st.file_uploader(tr("True mask, to compare with"), key=widget)
    if file is None:
        st.session_state.pop(f"{widget}_read", None)
        if was_drawn and masks.pop(identity, None) is not None:
            st.rerun()
        return
    mask = _read_once(file, slice_.pixels.shape, key=f"{widget}_read")
    if isinstance(mask, str):
        st.error(mask, icon=":material/error:")
        return
    if identity not in masks or not np.array_equal(mask, masks[identity]):
        masks[identity] = mask
        st.rerun()


def _read_once(file: Any, shape: tuple[int, ...], *, key: str) -> np.ndarray | str:
    """Return a file's mask, or why it is refused; it is read once, though the page runs at every interaction."""
    known, outcome = st.session_state.get(key, (None, ""))
    if known != file.file_id:
        try:
            outcome = _read_mask(file.getvalue(), file.name, shape)
        except SliceScopeError as error:
            outcome = error_text(error)
        st.session_state[key] = (file.file_id, outcome)
    return outcome


def _read_mask(data: bytes, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Read a picture as a mask, (H, W) bool: what is brighter than the middle of its range is tumour.

    Raises:
        SliceError: it is no picture, or of another shape.
        WorkerError: it cannot be read for want of a process.
    """
    pixels = DECODER.read(data, name).pixels
    if pixels.shape != shape:
        raise SliceError(
            "The mask has {width} x {height} pixels; one of this slice has {needed_width} x {needed_height}.",
            width=pixels.shape[1],
            height=pixels.shape[0],
            needed_width=shape[1],
            needed_height=shape[0],
        )
    mask: np.ndarray = pixels > (pixels.min() + pixels.max()) / 2
    return mask


def _with_mask(identity: SliceIdentity, slice_: Slice) -> Slice:
    mask = st.session_state.get(_MASKS, {}).get(identity)
    return slice_ if mask is None else replace(slice_, mask=mask)


def _adjustment(identity: SliceIdentity, slice_: Slice) -> Adjustment:
    """Return how an upload is adjusted; at first what the picture is given unasked."""
    adjustments: dict[SliceIdentity, Adjustment] = st.session_state.setdefault(_ADJUSTMENTS, {})
    return adjustments.setdefault(identity, _usual(identity, slice_))


def _usual(identity: SliceIdentity, slice_: Slice) -> Adjustment:
    """Return what an upload is given unasked; its pixels are looked at once."""
    from core.dataset.slices import usual_adjustment

    usual: dict[SliceIdentity, Adjustment] = st.session_state.setdefault(_USUAL, {})
    if identity not in usual:
        usual[identity] = usual_adjustment(slice_)
    return usual[identity]


def _pictures(identity: SliceIdentity, slice_: Slice) -> tuple[Adjustment, ...]:
    """Return the adjustment for each picture of a composite; its pixels are looked at once."""
    from core.readers.adjusting.composite import suggest_pictures

    known: dict[SliceIdentity, tuple[Adjustment, ...]] = st.session_state.setdefault(_PICTURES, {})
    if identity not in known:
        known[identity] = () if slice_.number else suggest_pictures(slice_.pixels, _usual(identity, slice_))
    return known[identity]


def _suggested_turn(identity: SliceIdentity, slice_: Slice, current: Adjustment) -> int:
    """Return the turn that a picture seems to need as it is adjusted now; each adjustment is looked at once."""
    from core.dataset.orientation import suggest_turn

    known: dict[Adjustment, int] = st.session_state.setdefault(_TURNS, {}).setdefault(identity, {})
    shape = replace(current, spacing_mm=None)
    if shape not in known:
        known[shape] = 0 if slice_.number else suggest_turn(shape(slice_).pixels)
    return known[shape]


def _set(identity: SliceIdentity, adjustment: Adjustment) -> None:
    adjustments: dict[SliceIdentity, Adjustment] = st.session_state[_ADJUSTMENTS]
    if adjustment == adjustments[identity]:
        return
    st.session_state.setdefault(_FORMER, {}).setdefault(identity, []).append(adjustments[identity])
    adjustments[identity] = adjustment
