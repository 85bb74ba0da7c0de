"""What the command predict does with volumes: DICOM series, NIfTI files and .zip files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.speech import say, told
from core.errors import SliceError
from core.readers.volumes.files import DICOM
from core.translation.messages import tr

if TYPE_CHECKING:
    from core.api.answers import AnsweredVolume
    from core.inference.predictor import Predictor
    from core.readers.volumes.files import VolumeChoice

NIFTI, PNG, DICOM_SEG = MASK_FORMATS = ("nifti", "png", "dicom-seg")
"""How a volume's mask is written."""


@dataclass(frozen=True)
class VolumeOptions:
    """How the command treats volumes; see its options.

    Attributes:
        choice: which volume of a file.
        labels: a label map's file, or None.
        plane: None for the volume's best.
        mask_format: one of ``MASK_FORMATS``.
        out: the folder to write to, or None.
        keep_identity: write patient and study into a DICOM SEG.
    """

    choice: "VolumeChoice"
    labels: Path | None
    plane: str | None
    mask_format: str
    out: Path | None
    keep_identity: bool = False


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
        elif (kind := _kind(path)) == DICOM:
            if single is None:
                single = []
                groups.append((path, single))
            single.append(path)
        else:
            groups.append((path, [path] if kind else []))
    return groups


def _kind(path: Path) -> str | None:
    """Return a file's kind; None where it cannot be read, too."""
    from core.api.answers import first_bytes
    from core.readers.volumes.files import file_kind

    try:
        return file_kind(first_bytes(path))
    except OSError:
        return None


def predict_volume(
    name: Path,
    paths: Sequence[Path],
    predictor: "Predictor",
    options: VolumeOptions,
    show: Callable[[Callable[[], str]], None],
    keep: Callable[["AnsweredVolume"], None],
) -> list[dict[str, Any]]:
    """Predict a volume; return a result for each slice that is no plain background, and one for the volume.

    Args:
        name: of the volume.
        paths: its files.
        predictor: of the slices.
        options: of the command.
        show: is given what makes a line in the current language, for each result as soon as it is there.
        keep: is given the answered volume.

    Raises:
        SliceError: the files cannot be read as a volume, or have no such plane.
        OSError: a file cannot be opened.
    """
    from core.api.answers import AnsweredVolume, answer_volume, read_volume_files
    from core.readers.decoder_pool import DECODER

    if options.keep_identity and options.mask_format != DICOM_SEG:
        raise SliceError("--keep-identity is for --mask-format dicom-seg alone.")
    labels = read_volume_files([options.labels])[0] if options.labels else None
    volume = DECODER.read_volume(read_volume_files(paths), name.name, options.choice, labels=labels)
    if options.out and options.mask_format == DICOM_SEG:
        from core.inference.volumes.dicom_seg import require_dicom_seg

        require_dicom_seg(volume)
    for message in (*volume.warnings, *volume.notes):
        say(f"{name}: {told(message)}", error=True)
    results = []
    for one in answer_volume(volume, predictor, options.plane):
        results.append(one.result)
        if isinstance(one, AnsweredVolume):
            show(partial(_volume_line, one.result))
            keep(one)
            if options.out:
                files = read_volume_files(paths) if options.keep_identity else None
                _write_files(options.out, name, one, predictor, options.mask_format, files)
        else:
            show(partial(_slice_line, one.result))
    return results


def _volume_line(result: dict[str, Any]) -> str:
    from core.inference.volumes.result import volume_summary_line

    return f"{tr('volume')}: {volume_summary_line(result)}"


def _slice_line(result: dict[str, Any]) -> str:
    from core.inference.result import summary_line

    return f"{tr(result['plane'])} {result['slice']}: {summary_line(result)}"


def _write_files(
    out: Path,
    name: Path,
    answered: "AnsweredVolume",
    predictor: "Predictor",
    mask_format: str,
    keep_identity_of: Sequence[bytes] | None,
) -> None:
    """Write a volume's mask into a folder, and the overlay of the slice that shows most of it.

    The volume's files are given where a DICOM SEG is to keep their patient and study.
    """
    from core.inference.volumes.analysis import volume_mask
    from core.inference.volumes.files import mask_nifti, mask_pngs, volume_overlay

    volume, plane, findings = answered.volume, answered.plane, answered.findings
    if mask_format == NIFTI:
        files = {"mask.nii.gz": mask_nifti(volume, volume_mask(volume, plane, findings))}
    elif mask_format == DICOM_SEG:
        from core.inference.volumes.dicom_seg import mask_dicom_seg
        from core.readers.decoder_pool import DECODER

        identity = None
        if keep_identity_of is not None:
            identity = DECODER.read_identity(keep_identity_of, volume.source.frame_of_reference or "")
        mask = volume_mask(volume, plane, findings)
        files = {"mask.dcm": mask_dicom_seg(volume, mask, predictor.segmenter, identity)}
    else:
        files = {f"{name}-mask.png": png for name, png in mask_pngs(volume, plane, findings).items()}
    if answered.answer.largest is not None:
        largest = volume.slice(plane, answered.answer.largest)
        files["overlay.png"] = volume_overlay(volume, largest, predictor(largest))
    out.mkdir(parents=True, exist_ok=True)
    for ending, content in files.items():
        (out / f"{volume_stem(name)}-{ending}").write_bytes(content)


def volume_stem(name: Path) -> str:
    """Return what begins the names of a volume's files: its name without .nii.gz or another ending."""
    return name.name if name.is_dir() else Path(name.name.removesuffix(".gz")).stem
