"""The files of a volume's answer."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.api.answers import AnsweredVolume
from core.bundles.bundle import Bundle
from core.errors import SliceError
from core.inference.predictor import Predictor
from core.inference.volumes.analysis import SliceFinding, VolumeAnswer, volume_mask
from core.inference.volumes.files import mask_nifti, pictures_zip
from core.inference.volumes.result import findings_csv
from core.readers.decoder_pool import DECODER
from core.readers.volumes.dicom_header import is_dicom
from core.readers.volumes.files import is_zip
from core.readers.volumes.volume import Volume
from core.translation.messages import tr
from panels.shared.controls import file_button
from panels.shared.predictions import cached_predictor
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.theme import error_text


def draw_volume_downloads(
    chosen: ChosenVolume,
    plane: str,
    findings: Sequence[SliceFinding],
    answered: tuple[dict[str, Any], VolumeAnswer],
    networks: tuple[Bundle, Bundle],
    *,
    key: str,
) -> None:
    """Draw the downloads of a volume's answer; each is made on demand.

    Args:
        chosen: the volume.
        plane: that was analysed.
        findings: of its slices.
        answered: ``core.inference.volumes.result.volume_result``, and the answer it states.
        networks: the classifier and the segmenter.
        key: of the buttons.
    """
    volume, classes, (result, answer) = chosen.volume, networks[0].card.classes, answered
    predictor = cached_predictor(*networks)
    stem = Path(volume.name.removesuffix(".gz")).stem.replace(" ", "-").replace(",", "")
    with st.expander(tr("Download the volume's answer"), icon=":material/download:", key=f"{key}_download"):
        row = st.container(horizontal=True)

        def button(label: str, make: Callable[[], bytes], ending: str) -> None:
            with row:
                file_button(make, label, f"{stem}{ending}", icon=None, key=f"{key}{ending}")

        def mask() -> np.ndarray:
            return volume_mask(volume, plane, findings)

        button(tr("Mask NIfTI"), lambda: mask_nifti(volume, mask()), "-mask.nii.gz")
        if is_dicom(chosen.files[0]) or is_zip(chosen.files[0]):
            keep = _segmentation_settings(volume, key=key)
            if keep is not None:
                button(tr("Mask DICOM SEG"), lambda: _segmentation(chosen, mask(), networks[1], keep=keep), "-mask.dcm")
        button("JSON", lambda: json.dumps(result, indent=2).encode(), ".json")
        button(tr("CSV of the slices"), lambda: findings_csv(findings, classes).encode(), "-slices.csv")
        if answer.counted:
            button(tr("Overlays and masks"), lambda: pictures_zip(volume, plane, findings), "-slices.zip")
        whole = AnsweredVolume(result, volume, plane, list(findings), answer)
        button("PDF", lambda: _report(whole, predictor), ".pdf")


def _report(answered: AnsweredVolume, predictor: Predictor) -> bytes:
    # Only now: what writes a PDF would make the page slow.
    from core.batch.reports import volume_report

    return volume_report(answered, predictor)


def _segmentation_settings(volume: Volume, *, key: str) -> bool | None:
    """Draw the tick of the DICOM segmentation; return it, or None, with a sentence, where none can be written."""
    from core.inference.volumes.dicom_seg import require_dicom_seg

    try:
        require_dicom_seg(volume)
    except SliceError as error:
        st.caption(error_text(error))
        return None
    except ModuleNotFoundError:
        st.caption(
            tr("A DICOM segmentation needs the package highdicom, which is not installed here; take the NIfTI file.")
        )
        return None
    return st.checkbox(
        tr("Keep the patient's identity in the segmentation"),
        key=f"{key}_keep_identity",
        help=tr(
            "Patient and study are then read from your files and written into the segmentation; nothing else "
            "keeps them. Without the tick it has no name, an id that is a hash, and new UIDs but for the frame of "
            "reference."
        ),
    )


def _segmentation(chosen: ChosenVolume, mask: np.ndarray, segmenter: Bundle, *, keep: bool) -> bytes:
    from core.inference.volumes.dicom_seg import mask_dicom_seg

    frame_of_reference = chosen.volume.source.frame_of_reference or ""
    identity = DECODER.read_identity(chosen.files, frame_of_reference) if keep else None
    return mask_dicom_seg(chosen.volume, mask, segmenter, identity)
