"""The command predict."""

import json
import sys
from pathlib import Path

import click

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.cli.options import FILE


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
    "has no outline and no heat map, and no mask is written.",
)
@click.option("--as-is", is_flag=True, help="Trim no frame and turn no inverted picture back.")
def predict_command(
    files: tuple[Path, ...], classifier: str, segmenter: str, as_json: bool, out: Path | None, as_is: bool
) -> int:
    """Predict class, mask and heat map of slices in files.

    FILE is a picture or a figshare .mat file.
    """
    from core.bundles.bundle import distinct_bundles, open_bundle
    from core.dataset.slices import adjust_slice, read_and_recognise_slice, usual_adjustment
    from core.errors import SliceError
    from core.inference.pictures import require_distinct_names, write_pictures
    from core.inference.predictor import Predictor
    from core.inference.result import slice_result, summary_line
    from core.readers.adjusting.adjustment import Adjustment
    from core.readers.slices import read_file

    if out:
        require_distinct_names(files)
    bundles = open_bundle(classifier), open_bundle(segmenter)
    predictor = Predictor(*bundles)
    results = []
    for path in files:
        try:
            as_read = read_and_recognise_slice(read_file(path), path.name)
        except (SliceError, OSError) as error:
            print(f"{path}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
            continue
        adjustment = Adjustment() if as_is else usual_adjustment(as_read)
        slice_ = adjust_slice(as_read, adjustment)
        for message in (*slice_.warnings, *slice_.notes):
            print(f"{path}: {message}", file=sys.stderr)
        prediction = predictor(slice_)
        results.append(slice_result(slice_, prediction, distinct_bundles(*bundles)))
        if out:
            mask = adjustment.undone(prediction.mask, as_read.pixels.shape)
            write_pictures(out, path.stem, slice_, prediction, mask)
        if not as_json:
            print(f"{path}: {summary_line(results[-1])}")
    if as_json:
        print(json.dumps(results, indent=2, allow_nan=False))
    return int(len(results) < len(files))
