"""What a visitor chooses of a volume's files: whether it is shown, which series, and where its true mask comes from."""

import re
from collections.abc import Mapping

import streamlit as st

from core.errors import SliceError, SliceScopeError
from core.readers.volumes.nifti import is_nifti
from core.readers.volumes.volume import Volume, with_true_mask
from core.translation.messages import shown, tr
from panels.shared.slices.uploads import SliceIdentity, Upload, allow_upload, choose_in_upload
from panels.shared.theme import error_text, escape_markdown
from panels.shared.volumes.held import HeldVolume

_FAILED, _MASKED = "failed_series", "volume_with_mask"
"""Session keys: why another series of the same files is refused, by upload and number; and the last volume that another
upload gave its true mask, with what it was made of."""
_Kept = tuple[tuple[Volume, Volume], Volume]
_LABEL_NAME = re.compile(r"label|mask|seg", re.IGNORECASE)


def is_label_name(name: str) -> bool:
    """Tell whether a file's name says that it holds a label map."""
    return bool(_LABEL_NAME.search(name))


def forget_removed(uploads: Mapping[SliceIdentity, Upload]) -> None:
    """Let go of the volume with its true mask once one of the uploads it was made of is gone."""
    kept: _Kept | None = st.session_state.get(_MASKED)
    held = {id(upload.volume) for upload in uploads.values() if isinstance(upload, HeldVolume)}
    if kept is not None and not {id(volume) for volume in kept[0]} <= held:
        del st.session_state[_MASKED]


def draw_choices(
    identity: SliceIdentity, held: HeldVolume, uploads: Mapping[SliceIdentity, Upload], *, key: str
) -> Volume | None:
    """Draw what can be chosen of a volume's files; return the volume, or None while it is held back."""
    if not held.is_allowed:
        for warning in held.volume.warnings:
            st.warning(tr(warning), icon=":material/warning:")
        st.button(tr("Analyse anyway"), key=f"{key}_anyway_modality", on_click=allow_upload, args=(identity,))
        return None
    volumes = {other: upload.volume for other, upload in uploads.items() if isinstance(upload, HeldVolume)}
    shape = held.volume.values.shape
    others = {other: each for other, each in volumes.items() if other != identity and each.values.shape == shape}
    if len(held.volume.found) < 2 and not others:
        return held.volume
    with st.container(horizontal=True, gap="medium"):
        if len(held.volume.found) > 1:
            _choose_in_files(identity, held, key=key)
        return _with_true_mask(identity, held.volume, others, key=key) if others else held.volume


def _choose_in_files(identity: SliceIdentity, held: HeldVolume, *, key: str) -> None:
    """Draw the choice of a series or of a volume; read another one, and run the page again."""
    found, volume = held.volume.found, held.volume
    if is_nifti(held.files[0]):
        chosen = st.number_input(
            tr("Volume, 1 to {count}", count=len(found)),
            1,
            len(found),
            volume.chosen,
            key=f"{key}_number_{identity[1]}",
            width=240,
        )
    else:
        chosen = st.selectbox(
            tr("Series"),
            range(1, len(found) + 1),
            index=volume.chosen - 1,
            format_func=lambda number: tr("Series {number} (slices: {found})", number=number, found=found[number - 1]),
            key=f"{key}_series_{identity[1]}",
            width=240,
        )
    failed: dict[tuple[SliceIdentity, int], str] = st.session_state.setdefault(_FAILED, {})
    if chosen != volume.chosen and (identity, chosen) not in failed:
        try:
            choose_in_upload(identity, chosen)
        except SliceScopeError as error:
            failed[identity, chosen] = error_text(error)
        else:
            st.rerun()
    if chosen != volume.chosen:
        st.error(failed[identity, chosen], icon=":material/error:")


def _with_true_mask(
    identity: SliceIdentity, volume: Volume, others: Mapping[SliceIdentity, Volume], *, key: str
) -> Volume:
    """Draw the choice of the upload that is the true mask; a label map by its name is chosen unasked."""
    named = [other for other, labels in others.items() if is_label_name(labels.name)]
    usual = named[0] if named and not is_label_name(volume.name) else None
    options = [None, *others]
    chosen = st.selectbox(
        tr("True mask from"),
        options,
        index=options.index(usual),
        format_func=lambda other: tr("no file") if other is None else escape_markdown(shown(others[other].name)),
        key=f"{key}_labels_{identity[1]}",
        width=320,
    )
    if chosen is None or chosen not in others:
        return volume
    made_of = volume, others[chosen]
    kept: _Kept | None = st.session_state.get(_MASKED)
    if kept is None or kept[0][0] is not made_of[0] or kept[0][1] is not made_of[1]:
        try:
            kept = made_of, with_true_mask(*made_of)
        except SliceError as error:
            st.error(error_text(error), icon=":material/error:")
            return volume
        st.session_state[_MASKED] = kept
    return kept[1]
