"""What the command predict does with volumes: DICOM series, NIfTI files and .zip files."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config import MAX_VOLUME_BYTES
from core.errors import SliceError

if TYPE_CHECKING:
    from core.inference.predictor import Predictor
    from core.inference.volumes.analysis import SliceFinding, VolumeAnswer
    from core.readers.volumes.files import VolumeChoice
    from core.readers.volumes.volume import Volume

NIFTI, PNG, DICOM_SEG = MASK_FORMATS = ("nifti", "png", "dicom-seg")
"""How a volume's mask is written."""
_PEEK = 540
"""First bytes that tell a volume's file."""


@dataclass(frozen=True)
class VolumeOptions:
    """How the command treats volumes; see its options.

    Attributes:
        choice: which volume of a file.
        labels: a label map's file, or None.
        plane: None for the volume's best.
        mask_format: one of ``MASK_FORMATS``.
        out: the folder to write to, or None.
    """

    choice: "VolumeChoice"
    labels: Path | None
    plane: str | None
    mask_format: str
    out: Path | None


def group_files(paths: Sequence[Path]) -> list[tuple[Path, list[Path]]]:
    """Put the files of a volume together: a folder's, and the DICOM files that are given one by one.

    Returns:
        For each picture and each volume the path that names it, and its files: none for a picture.
    """
    groups: list[tuple[Path, list[Path]]] = []
    single: list[Path] | None = None
    for path in paths:
        if path.is_dir():
            groups.append((path, sorted(file for file in path.rglob("*") if file.is_file())))
        elif (kind := _volume_kind(path)) == "dicom":
            if single is None:
                single = []
                groups.append((path, single))
            single.append(path)
        else:
            groups.append((path, [path] if kind else []))
    return groups


def _volume_kind(path: Path) -> str | None:
    """Tell "dicom" from another "volume"; None for anything else, or a file that cannot be read."""
    from core.readers.volumes.dicom_header import is_dicom
    from core.readers.volumes.files import is_volume

    try:
        with path.open("rb") as file:
            start = file.read(_PEEK)
    except OSError:
        return None
    return "dicom" if is_dicom(start) else "volume" if is_volume(start) else None


def predict_volume(
    name: Path, paths: Sequence[Path], predictor: "Predictor", options: VolumeOptions, show: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Predict a volume; return a result for each slice that is no plain background, and one for the volume.

    Args:
        name: of the volume.
        paths: its files.
        predictor: of the slices.
        options: of the command.
        show: is given a line for each result, as soon as it is there.

    Raises:
        SliceError: the files cannot be read as a volume, or have no such plane.
        OSError: a file cannot be opened.
    """
    from core.bundles.bundle import distinct_bundles
    from core.inference.result import slice_result, summary_line
    from core.inference.volumes.analysis import analyse_volume, pool, sure_probability
    from core.inference.volumes.result import volume_result, volume_summary_line
    from core.readers.decoder_pool import DECODER

    labels = _read([options.labels])[0] if options.labels else None
    volume = DECODER.read_volume(_read(paths), name.name, options.choice, labels=labels)
    plane = options.plane or volume.best_plane
    if plane not in volume.planes:
        raise SliceError(f"The volume has no {plane} slices that can be read; there are {', '.join(volume.planes)}.")
    if options.out and options.mask_format == DICOM_SEG:
        from core.inference.volumes.dicom_seg import require_dicom_seg

        require_dicom_seg(volume)
    for message in (*volume.warnings, *volume.notes):
        print(f"{name}: {message}", file=sys.stderr)
    bundles = distinct_bundles(predictor.classifier, predictor.segmenter)
    results, findings = [], []
    for slice_, prediction, finding in analyse_volume(predictor, volume, plane):
        findings.append(finding)
        if prediction is not None:
            results.append(slice_result(slice_, prediction, bundles) | {"plane": plane, "slice": finding.number})
            show(f"{plane} {finding.number}: {summary_line(results[-1])}")
    answer = pool(volume, plane, findings, sure=sure_probability(predictor.classifier))
    results.append(volume_result(volume, plane, findings, answer, bundles))
    show(f"volume: {volume_summary_line(results[-1])}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        for ending, content in _files(volume, plane, findings, answer, predictor, options.mask_format).items():
            (options.out / f"{volume_stem(name)}-{ending}").write_bytes(content)
    return results


def _files(
    volume: "Volume",
    plane: str,
    findings: "Sequence[SliceFinding]",
    answer: "VolumeAnswer",
    predictor: "Predictor",
    mask_format: str,
) -> dict[str, bytes]:
    """Return the files that are written of a volume, by the ending of their names."""
    from core.inference.volumes.analysis import volume_mask
    from core.inference.volumes.files import mask_nifti, mask_pngs, volume_overlay

    if mask_format == NIFTI:
        files = {"mask.nii.gz": mask_nifti(volume, volume_mask(volume, plane, findings))}
    elif mask_format == DICOM_SEG:
        from core.inference.volumes.dicom_seg import mask_dicom_seg

        files = {"mask.dcm": mask_dicom_seg(volume, volume_mask(volume, plane, findings), predictor.segmenter)}
    else:
        files = {f"{name}-mask.png": png for name, png in mask_pngs(volume, plane, findings).items()}
    if answer.largest is not None:
        largest = volume.slice(plane, answer.largest)
        files["overlay.png"] = volume_overlay(volume, largest, predictor(largest))
    return files


def volume_stem(name: Path) -> str:
    """Return what begins the names of a volume's files: its name without .nii.gz or another ending."""
    return name.name if name.is_dir() else Path(name.name.removesuffix(".gz")).stem


def _read(paths: Sequence[Path]) -> list[bytes]:
    """Read files that have no more bytes together than a volume may have."""
    size = sum(path.stat().st_size for path in paths)
    if size > MAX_VOLUME_BYTES:
        raise SliceError(f"The volume's files have {size:,} bytes; at most {MAX_VOLUME_BYTES:,} are accepted.")
    return [path.read_bytes() for path in paths]
