"""Make a volume of the frames of DICOM files: tell series apart, sort one by position, decode it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.config import MAX_VOLUME_SLICES
from core.errors import SliceError
from core.readers.volumes.dicom_header import MR, OTHER_MODALITY, Frame, Header, read_header
from core.readers.volumes.dicom_pixels import read_frames
from core.readers.volumes.volume import Volume, orient, require_contrast, require_volume_size
from core.translation.messages import Message, mark

_SAME_PLACE_MM = 0.01
_UNEVEN = 0.1
"""Share of the usual distance by which the distance of two slices may differ from it."""
_DEFAULT_DIRECTIONS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_LISTED_SERIES = 12


def read_dicom(
    files: Sequence[bytes],
    name: str,
    *,
    series: int | None = None,
    longest: bool = False,
    allow_other_modality: bool = False,
    consume: bool = False,
) -> Volume:
    """Read one series of DICOM files.

    Args:
        files: whole files, in any order; those that hold no image are left out, with a note.
        name: of the volume.
        series: which series, from 1 on; needed where the files hold several, unless ``longest`` is set.
        longest: read the series with the most slices where none is chosen.
        allow_other_modality: read what is not MR too, with a warning.
        consume: empty the list ``files`` file by file, so that files and voxels are not held together.

    Raises:
        SliceError: one sentence that says what is wrong with the files and what would be accepted.
    """
    headers, notes = _headers(files)
    found = _series([frame for header in headers.values() for frame in header.frames])
    counts = tuple(map(len, found))
    chosen = 1 + counts.index(max(counts)) if longest and series is None else series
    frames = _choose_series(found, chosen)
    headers = {number: headers[number] for number in {frame.file for frame in frames}}
    warnings = _warnings(list(headers.values()), allow_other_modality)
    frames, step, uneven = _sort(frames)
    values = _values(files, headers, frames, consume=consume)
    affine, known = _affine(frames[0], step)
    if any(header.inverted for header in headers.values()):
        notes.append(mark("The file means low numbers to be bright (MONOCHROME1); dark and bright were exchanged."))
    if not known:
        notes.append(mark("The file states no size of its voxels."))
    if frames[0].directions is None:
        notes.append(mark("The file states no orientation; its slices count as axial."))
    # The order of axes that other programs give a NIfTI file of such a series.
    volume = require_contrast(orient(values.T, affine, name, notes=[*notes, *uneven]))
    return replace(
        volume,
        source=replace(volume.source, frame_of_reference=headers[frames[0].file].frame_of_reference),
        spacing_mm=volume.spacing_mm if known else None,
        window=_window(frames, headers),
        warnings=tuple(warnings),
        is_other_modality=any(header.modality != MR for header in headers.values()),
        found=counts,
        chosen=chosen or 1,
    )


def _headers(files: Sequence[bytes]) -> tuple[dict[int, Header], list[str]]:
    """Return the headers of the files that hold an image, by number, and a note about the others."""
    headers: dict[int, Header] = {}
    first_error: SliceError | None = None
    for number, data in enumerate(files):
        try:
            headers[number] = read_header(data, number)
        except SliceError as error:
            first_error = first_error or error
    if not headers:
        raise first_error or SliceError("There is no DICOM file; one or more, or a .zip of them, are accepted.")
    left_out = len(files) - len(headers)
    note = Message(
        "{left_out} of {count} files hold no image that is read and were left out.", left_out=left_out, count=len(files)
    )
    return headers, [note] * bool(left_out)


def _series(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Return the frames of each series.

    Frames at one place, such as repetitions that the header does not number, are taken apart in their order.
    """
    groups = defaultdict(list)
    for frame in frames:
        groups[frame.series].append(frame)
    return [part for key in sorted(groups) for part in _repetitions(groups[key])]


def _choose_series(series: Sequence[list[Frame]], chosen: int | None) -> list[Frame]:
    if chosen is None and len(series) == 1:
        return series[0]
    if chosen is None or not 1 <= chosen <= len(series):
        counts = [str(len(part)) for part in series]
        listed = ", ".join(counts[:_LISTED_SERIES]) + ", …" * (len(counts) > _LISTED_SERIES)
        raise SliceError(
            "The files hold {count} series (slices in each: {listed}); choose one by its number, 1 to {count}.",
            count=len(series),
            listed=listed,
        )
    return series[chosen - 1]


def _repetitions(frames: Sequence[Frame]) -> list[list[Frame]]:
    if any(frame.position is None for frame in frames):
        return [list(frames)]
    places = defaultdict(list)
    for frame in sorted(frames, key=lambda frame: frame.order):
        places[tuple(round(part / _SAME_PLACE_MM) for part in frame.position or ())].append(frame)
    counts = {len(place) for place in places.values()}
    if len(counts) > 1:
        raise SliceError(
            "Some slices of the series lie at one place and others do not; a series without gaps is needed."
        )
    return [[place[repetition] for place in places.values()] for repetition in range(counts.pop())]


def _warnings(headers: Sequence[Header], allow_other_modality: bool) -> list[str]:
    """Return warnings about the chosen files.

    Raises:
        SliceError: they are not MR, and other modalities are not allowed.
    """
    others = sorted({header.modality for header in headers} - {MR})
    warnings: list[str] = []
    if others:
        kind = (
            Message("another modality than MR ({modality})", modality=others[0])
            if others[0] != OTHER_MODALITY
            else Message("another modality than MR")
        )
        if not allow_other_modality:
            raise SliceError(
                "The DICOM file is of {kind}; the networks know MR images only, which are accepted.", kind=kind
            )
        warnings.append(Message("This image is of {kind}; the networks were trained on MR images only.", kind=kind))
    if any(header.burnt_in for header in headers):
        warnings.append(mark("The file says that text is burnt into its pixels, which may name the patient."))
    return warnings


def _sort(frames: Sequence[Frame]) -> tuple[list[Frame], np.ndarray | None, list[str]]:
    """Sort a series along its normal; return it, the step between slices in mm (left, back, head), and a note.

    The step is None where no position is stated; then the files' own numbers order them.
    """
    if len(frames) > MAX_VOLUME_SLICES:
        raise SliceError(
            "The series has {slices:,} slices; at most {slice_limit} are accepted.",
            slices=len(frames),
            slice_limit=MAX_VOLUME_SLICES,
        )
    if any(frame.position is None for frame in frames):
        return sorted(frames, key=lambda frame: frame.order), None, []
    normal = _normal(frames[0])
    ordered = sorted(frames, key=lambda frame: float(np.dot(normal, frame.position or ())))
    if len(ordered) == 1:
        return ordered, None, []
    positions = np.array([frame.position for frame in ordered])
    distances = np.diff(positions @ normal)
    usual = float(np.median(distances))
    if usual < _SAME_PLACE_MM:
        raise SliceError("The slices of the series lie beside each other, not behind each other; a stack is needed.")
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    if np.abs(distances - usual).max() <= _UNEVEN * usual:
        return ordered, step, []
    note = Message(
        "The slices are {least:.1f} to {most:.1f} mm apart, perhaps since one is missing; sizes across them are "
        "approximate.",
        least=distances.min(),
        most=distances.max(),
    )
    return ordered, normal * usual, [note]


def _normal(frame: Frame) -> np.ndarray:
    """Return the direction across a frame, to the left, the back or the feet as a volume's axes point: an axial series
    then needs no copy."""
    rows, columns = np.split(np.array(frame.directions or _DEFAULT_DIRECTIONS), 2)
    normal = np.cross(rows, columns)
    main = int(np.abs(normal).argmax())
    towards = np.sign(normal[main]) * (-1 if main == 2 else 1)
    return towards * normal / np.linalg.norm(normal)


def _values(
    files: Sequence[bytes], headers: dict[int, Header], frames: Sequence[Frame], *, consume: bool
) -> np.ndarray:
    """Decode a series: (S, H, W) integers as stored where nothing is to be scaled, else float32."""
    first = headers[frames[0].file]
    kinds = {(header.bits[0], header.signed) for header in headers.values()}
    scaled = len(kinds) > 1 or first.bits[0] > 16 or any((f.slope, f.intercept) != (1, 0) for f in frames)
    dtype = np.dtype(np.float32 if scaled else f"{'i' if first.signed else 'u'}{first.bits[0] // 8}")
    shape = (len(frames), first.rows, first.columns)
    require_volume_size(shape, dtype.itemsize)
    values = np.empty(shape, dtype)
    places: dict[int, dict[int, int]] = defaultdict(dict)
    for place, frame in enumerate(frames):
        places[frame.file][frame.index] = place
    for number, at in places.items():
        indices = sorted(at)
        count = 0
        for index, pixels in zip(indices, read_frames(files[number], headers[number], indices), strict=False):
            frame = frames[at[index]]
            values[at[index]] = pixels * np.float64(frame.slope) + frame.intercept if scaled else pixels
            count += 1
        if consume and isinstance(files, list):
            files[number] = b""
        if count < len(indices):
            raise SliceError("The DICOM file holds fewer frames than it states; a whole file is needed.")
    return values


def _affine(first: Frame, step: np.ndarray | None) -> tuple[np.ndarray, bool]:
    """Return the affine of (column, row, slice) indices, to the right, front and head, and whether sizes are known."""
    rows, columns = np.split(np.array(first.directions or _DEFAULT_DIRECTIONS), 2)
    between_rows, between_columns = first.spacing or (1.0, 1.0)
    if step is None:
        across = np.array([0.0, 0.0, 1.0]) if first.position is None else _normal(first)
        step = across * (first.thickness or 1.0)
    affine = np.eye(4)
    affine[:3] = np.stack([rows * between_columns, columns * between_rows, step, first.position or np.zeros(3)], axis=1)
    affine[:2] *= -1  # DICOM counts to the left and the back
    return affine, first.spacing is not None and (first.thickness is not None or first.position is not None)


def _window(frames: Sequence[Frame], headers: dict[int, Header]) -> tuple[float, float] | None:
    """Return the window of the series' middle frame, turned round where dark and bright were exchanged."""
    frame = frames[len(frames) // 2]
    header = headers[frame.file]
    if frame.window is None or not header.inverted:
        return frame.window
    highest_and_lowest = -1 if header.signed else 2 ** header.bits[1] - 1
    total = frame.slope * highest_and_lowest + 2 * frame.intercept
    return total - frame.window[1], total - frame.window[0]
