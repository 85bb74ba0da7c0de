"""The command predict."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.cli.options import FILE
from core.cli.predict_volume import MASK_FORMATS, NIFTI, VolumeOptions, group_files, predict_volume, volume_stem
from core.readers.volumes.files import VolumeChoice
from core.readers.volumes.volume import PLANES

if TYPE_CHECKING:
    from core.inference.predictor import Predictor


@click.command("predict")
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--classifier", default=DEFAULT_CLASSIFIER, show_default=True, help="The bundle that gives the class.")
@click.option("--segmenter", default=DEFAULT_SEGMENTER, show_default=True, help="The bundle that gives the mask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list in place of lines.")
@click.option(
    "--out",
    type=FILE,
    metavar="DIR",
    help="Write each slice's overlay and mask as PNG; where no tumour is found or the image is unusual, the overlay "
    "has no outline and no heat map, and no mask is written. Of a volume, write the mask, and the overlay of the slice "
    "that shows most of it.",
)
@click.option("--as-is", is_flag=True, help="Trim no frame and turn no inverted picture back.")
@click.option(
    "--mask-format",
    type=click.Choice(MASK_FORMATS),
    default=NIFTI,
    show_default=True,
    help="How a volume's mask is written: NIfTI in the file's own space, a PNG a slice, or DICOM SEG.",
)
@click.option("--plane", type=click.Choice(PLANES), help="The plane of a volume's slices.  [default: as acquired]")
@click.option("--series", type=int, metavar="N", help="Which series of DICOM files, from 1 on.")
@click.option("--volume", "number", type=int, metavar="N", help="Which volume of a NIfTI file with four dimensions.")
@click.option("--labels", type=FILE, metavar="FILE", help="A NIfTI label map, the true mask of the one volume given.")
@click.option("--allow-other-modality", is_flag=True, help="Read DICOM files that are not MR too, with a warning.")
def predict_command(
    files: tuple[Path, ...],
    classifier: str,
    segmenter: str,
    as_json: bool,
    out: Path | None,
    as_is: bool,
    **volume_options: Any,
) -> int:
    """Predict class, mask and heat map of slices in files.

    FILE is a picture, a figshare .mat file, a NIfTI file, a DICOM file, or a .zip or a folder of DICOM files. DICOM
    files that are given one by one are one volume.
    """
    from core.bundles.bundle import open_bundle
    from core.errors import SliceError
    from core.inference.pictures import require_distinct_names
    from core.inference.predictor import Predictor

    groups = group_files(files)
    if out:
        require_distinct_names([Path(volume_stem(name)) if paths else name for name, paths in groups])
    names = ("number", "series", "allow_other_modality")
    choice = VolumeChoice(**{name: volume_options.pop(name) for name in names})
    options = VolumeOptions(choice=choice, out=out, **volume_options)
    if options.labels and (len(groups) > 1 or not groups[0][1]):
        raise SliceError("--labels is the true mask of one volume; give that volume alone.")
    predictor = Predictor(open_bundle(classifier), open_bundle(segmenter))
    results: list[dict[str, Any]] = []
    failures = 0
    for name, paths in groups:

        def show(line: str, name: Path = name) -> None:
            if not as_json:
                print(f"{name}: {line}")

        try:
            if paths:
                results += predict_volume(name, paths, predictor, options, show)
            else:
                result, line = _predict_slice(name, predictor, out, as_is=as_is)
                results.append(result)
                show(line)
        except (SliceError, OSError) as error:
            print(f"{name}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
            failures += 1
    if as_json:
        print(json.dumps(results, indent=2, allow_nan=False))
    return int(failures > 0)


def _predict_slice(path: Path, predictor: "Predictor", out: Path | None, *, as_is: bool) -> tuple[dict[str, Any], str]:
    """Predict the slice in a file; write its pictures; return its result and the line about it.

    Raises:
        SliceError, OSError: the file cannot be read.
    """
    from core.bundles.bundle import distinct_bundles
    from core.dataset.slices import adjust_slice, read_and_recognise_slice, usual_adjustment
    from core.inference.pictures import write_pictures
    from core.inference.result import slice_result, summary_line
    from core.readers.adjusting.adjustment import Adjustment
    from core.readers.slices import read_file

    as_read = read_and_recognise_slice(read_file(path), path.name)
    adjustment = Adjustment() if as_is else usual_adjustment(as_read)
    slice_ = adjust_slice(as_read, adjustment)
    for message in (*slice_.warnings, *slice_.notes):
        print(f"{path}: {message}", file=sys.stderr)
    prediction = predictor(slice_)
    result = slice_result(slice_, prediction, distinct_bundles(predictor.classifier, predictor.segmenter))
    if out:
        write_pictures(out, path.stem, slice_, prediction, adjustment.undone(prediction.mask, as_read.pixels.shape))
    return result, summary_line(result)
