"""The slices of an analysed plane as a table; a row that is pressed is shown."""

from collections.abc import Hashable, Sequence
from typing import Any

import streamlit as st

from core.api.series import PICTURE_SIDE
from core.bundles.bundle import Bundle
from core.bundles.measured_gate import has_gate
from core.inference.render import encode_jpeg, thumbnail
from core.inference.volumes.analysis import SliceFinding
from core.labels import CLASS_LABELS
from core.outcome import WITHHELD
from core.readers.volumes.volume import PLANES, Volume
from core.translation.messages import tr
from panels.shared.results_table import (
    CLASS,
    NAME,
    OUTCOME,
    PICTURE,
    PROBABILITY,
    draw_results,
    outcome_word,
    picture_address,
)
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.volumes.place import go_to

_PICTURES = "volume_table_pictures"
"""Session key: the pictures of the table that was opened last, and what they are of."""


def draw_slice_table(
    chosen: ChosenVolume, plane: str, findings: Sequence[SliceFinding], classifier: Bundle, *, at: int, key: str
) -> None:
    """Draw a row for each slice that was analysed, once the visitor asks for it.

    Args:
        chosen: the volume.
        plane: of the slices.
        findings: of slices, in order.
        classifier: that named the classes.
        at: the slice that is shown.
        key: of the table.
    """
    part = st.expander(tr("Table of the slices"), icon=":material/table_rows:", key=f"{key}_open", on_change="rerun")
    if not part.open:
        return
    pictures = _pictures(chosen, plane, findings, classifier.fingerprint)
    rows = [
        _row(chosen.volume, plane, finding, classifier) | {PICTURE: picture}
        for finding, picture in zip(findings, pictures, strict=True)
    ]
    numbers = [finding.number for finding in findings]
    with part:
        draw_results(
            [{PICTURE: row.pop(PICTURE)} | row for row in rows],
            key=key,
            at=numbers.index(at) if at in numbers else None,
            on_open=lambda place: go_to(numbers[place]),
            label=tr("{count} slices and their answers", count=len(rows)),
        )


def _row(volume: Volume, plane: str, finding: SliceFinding, classifier: Bundle) -> dict[str, Any]:
    likeliest = classifier.card.classes[int(finding.probabilities.argmax())]
    is_named = finding.outcome not in WITHHELD
    spacing, _ = volume.on_square_pixels(plane, finding.mask)
    voxel = (
        1000 * volume.voxel_ml / volume.spacing_mm[PLANES.index(plane)]
        if volume.voxel_ml and volume.spacing_mm
        else None
    )
    return {
        NAME: tr("Slice {number}", number=finding.number),
        CLASS: CLASS_LABELS[likeliest].short if is_named else None,
        PROBABILITY: 100 * float(finding.probabilities.max()) if is_named else None,
        OUTCOME: outcome_word(finding.outcome if has_gate(classifier) else None),
        "Area, px": finding.area if is_named else None,
        "Area, mm²": finding.area * voxel if voxel and is_named else None,
        "Diameter, mm": finding.diameter_mm,
        "Pixel, mm": spacing,
    }


def _pictures(
    chosen: ChosenVolume, plane: str, findings: Sequence[SliceFinding], network: Hashable
) -> list[str | None]:
    """Return a picture of each slice as a table's cell takes it; they are drawn once."""
    of = chosen.identity, plane, network, len(findings), sum(finding.area for finding in findings)
    known, pictures = st.session_state.get(_PICTURES, (None, []))
    if known != of:
        pictures = [picture_address(_picture(chosen.volume, plane, finding)) for finding in findings]
        st.session_state[_PICTURES] = of, pictures
    return list(pictures)


def _picture(volume: Volume, plane: str, finding: SliceFinding) -> bytes:
    pixels = volume.slice(plane, finding.number).pixels
    _, mask = volume.on_square_pixels(plane, finding.mask)
    return encode_jpeg(thumbnail(pixels, PICTURE_SIDE, mask=mask, window=volume.window))
