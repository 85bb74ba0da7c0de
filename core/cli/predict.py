"""The commands predict, batch and schema."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.cli.options import FILE
from core.cli.predict_volume import MASK_FORMATS, NIFTI, VolumeOptions, group_files, predict_volume, volume_stem
from core.cli.speech import environment_language, say, to_reader, told
from core.errors import system_reason
from core.readers.volumes.files import VolumeChoice
from core.readers.volumes.volume import PLANES
from core.translation.messages import Message, tr

if TYPE_CHECKING:
    from core.api.answers import AnsweredSlice, AnsweredVolume
    from core.batch.pdf import ReportPage
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
@click.option("--pdf", type=FILE, metavar="FILE", help="Write a report, a page a slice or a volume, as PDF.")
@click.option("--as-is", is_flag=True, help="Trim no frame and turn no inverted picture back.")
@click.option(
    "--mask-format",
    type=click.Choice(MASK_FORMATS),
    default=NIFTI,
    show_default=True,
    help="How a volume's mask is written: NIfTI in the file's own space, a PNG a slice, or DICOM SEG.",
)
@click.option(
    "--keep-identity",
    is_flag=True,
    help="Write patient and study of the files into the DICOM SEG, else neither.",
)
@click.option(
    "--as-series",
    is_flag=True,
    help="The pictures are slices of one patient: answer them together too, by their mean probability.",
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
    pdf: Path | None,
    as_is: bool,
    as_series: bool,
    **volume_options: Any,
) -> int:
    """Predict class, mask and heat map of slices in files.

    FILE is a picture, a figshare .mat file, a NIfTI file, a DICOM file, or a .zip or a folder of DICOM files. DICOM
    files that are given one by one are one volume.
    """
    from functools import partial

    from core.bundles.bundle import open_bundle
    from core.errors import SliceError
    from core.inference.pictures import require_distinct_names
    from core.inference.predictor import Predictor
    from core.inference.result import summary_line
    from core.inference.volumes.analysis import sure_probability
    from core.inference.volumes.series import SERIES, series_line, series_result

    groups = group_files(files)
    if out:
        require_distinct_names([Path(volume_stem(name)) if paths else name for name, paths in groups])
    names = ("number", "series", "allow_other_modality")
    choice = VolumeChoice(**{name: volume_options.pop(name) for name in names})
    options = VolumeOptions(choice=choice, out=out, **volume_options)
    if options.labels and (len(groups) > 1 or not groups[0][1]):
        raise SliceError("--labels is the true mask of one volume; give that volume alone.")
    pictures = [name for name, paths in groups if not paths]
    if as_series and len(pictures) < 2:
        raise SliceError(
            "--as-series answers several pictures together; give two or more. A volume is answered so anyway."
        )
    predictor = Predictor(open_bundle(classifier), open_bundle(segmenter))
    of_pictures: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    failures = 0
    report = _Report(pdf, predictor)
    for name, paths in groups:

        def show(line: Callable[[], str], name: Path = name) -> None:
            if not as_json:
                with to_reader():
                    said = line()
                say(f"{name}: {said}")

        try:
            if paths:
                results += predict_volume(name, paths, predictor, options, show, report.keep)
            else:
                answered = _predict_slice(name, predictor, out, as_is=as_is)
                results.append(answered.result)
                of_pictures.append(answered.result)
                show(partial(summary_line, answered.result))
                report.keep(answered)
        except (SliceError, OSError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else error
            say(f"{name}: {told(reason)}", error=True)
            failures += 1
    if as_series and of_pictures:
        together = series_result(SERIES, of_pictures, sure=sure_probability(predictor.classifier))
        results.append(together)
        report.series = [together]
        if not as_json:
            with to_reader():
                say(f"{tr(SERIES)}: {series_line(together)}")
    if as_json:
        print(json.dumps(results, indent=2, allow_nan=False))
    report.write()
    return int(failures > 0)


class _Report:
    """Keeps the pages of a report, where one is asked for."""

    def __init__(self, path: Path | None, predictor: "Predictor") -> None:
        self._path, self._predictor = path, predictor
        self._pages: list[ReportPage] = []
        self.series: list[dict[str, Any]] = []
        """The result of the slices together, where they are one series."""

    def keep(self, answered: "AnsweredSlice | AnsweredVolume") -> None:
        if self._path:
            from core.batch.reports import report_page

            self._pages.append(report_page(answered, self._predictor))

    def write(self) -> None:
        if self._path and self._pages:
            from core.batch.reports import write_report
            from core.bundles.bundle import distinct_bundles

            bundles = distinct_bundles(self._predictor.classifier, self._predictor.segmenter)
            with to_reader():
                write_report(self._path, self._pages, bundles, series=self.series)


def _predict_slice(path: Path, predictor: "Predictor", out: Path | None, *, as_is: bool) -> "AnsweredSlice":
    """Predict the slice in a file; write its pictures.

    Raises:
        SliceError, OSError: the file cannot be read.
    """
    from core.api.answers import answer_slice
    from core.dataset.slices import read_and_recognise_slice
    from core.inference.pictures import write_pictures
    from core.readers.adjusting.adjustment import Adjustment
    from core.readers.slices import read_file

    slice_ = read_and_recognise_slice(read_file(path), path.name)
    answered = answer_slice(slice_, predictor, adjustment=Adjustment() if as_is else None)
    for message in (*answered.slice_.warnings, *answered.slice_.notes):
        say(f"{path}: {told(message)}", error=True)
    if out:
        write_pictures(out, path.stem, answered.slice_, answered.prediction, answered.file_mask())
    return answered


@click.command("batch")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", required=True, metavar="DIR", help="Where the tables and pictures are written.")
@click.option("--classifier", default=DEFAULT_CLASSIFIER, show_default=True, help="The bundle that gives the class.")
@click.option("--segmenter", default=DEFAULT_SEGMENTER, show_default=True, help="The bundle that gives the mask.")
@click.option(
    "--ray",
    metavar="ADDRESS",
    help='A Ray cluster that answers, or "local"; then SOURCE and DIR are addresses such as s3://bucket/scans.',
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes, of a core each.")
@click.option("--masks", is_flag=True, help="Write the masks too: PNG of slices, NIfTI of volumes.")
@click.option("--overlays", is_flag=True, help="Write the overlays too, as PNG: of a volume the slice that shows most.")
@click.option("--pdf", is_flag=True, help="Write report.pdf too, a page a slice or a volume.")
@click.option("--as-is", is_flag=True, help="Trim no frame and turn no inverted picture back.")
@click.option(
    "--as-series",
    is_flag=True,
    help="The pictures of a folder are slices of one patient: answer them together too, in a row of their own.",
)
@click.option("--plane", type=click.Choice(PLANES), help="The plane of volumes' slices.  [default: as acquired]")
@click.option("--allow-other-modality", is_flag=True, help="Read DICOM files that are not MR too, with a warning.")
def batch_command(
    sources: tuple[str, ...],
    out: str,
    classifier: str,
    segmenter: str,
    ray: str | None,
    workers: int,
    as_series: bool,
    **options: bool,
) -> int:
    """Predict many slices and volumes into a table.

    SOURCE is a file that predict reads, a folder of them, a pattern, a .zip, or a CSV whose column "path" names them,
    relative to the CSV. DIR holds results.parquet and results.csv, a row a slice and one for each volume, and
    errors.csv; with --ray a folder of Parquet files. The same command goes on where it was stopped or killed.
    """
    from core.batch.answering import BatchOptions
    from core.cli.progress import batch_bar

    chosen = BatchOptions(classifier, segmenter, **options)  # type: ignore[arg-type]
    if ray is not None and chosen.pdf:
        raise click.UsageError(told(Message("--pdf is made on one machine; leave out --ray or --pdf.")))
    try:
        with batch_bar() as begin:
            if ray is not None:
                from core.batch.cluster import RESULTS, run_on_cluster

                results = failures = f"{out}/{RESULTS}"
                summary = run_on_cluster(
                    sources, out, chosen, cluster=ray, actors=workers, as_series=as_series, begin=begin
                )
            else:
                from core.batch.run import run_batch
                from core.batch.table import ERRORS_CSV, RESULTS_CSV

                results, failures = f"{out}/{RESULTS_CSV}", f"{out}/{ERRORS_CSV}"
                summary = run_batch(
                    sources,
                    Path(out),
                    chosen,
                    workers=workers,
                    as_series=as_series,
                    begin=begin,
                    report_language=environment_language(),
                )
    except KeyboardInterrupt:
        stopped = Message("stopped; what is answered stays in {folder}, and the same command goes on.", folder=out)
        say(f"\ncore batch: {told(stopped)}", error=True)
        return 130
    say(Message("{path}: {slices:,} slices predicted now", path=results, slices=summary.slices))
    if summary.failed:
        say(Message("{path}: {inputs:,} inputs failed", path=failures, inputs=summary.failed), error=True)
    return int(summary.failed > 0)


@click.command("schema")
def schema_command() -> None:
    """Write the JSON schema of predict --json."""
    from core.api.results import SCHEMA, result_schema
    from core.files import replace_file

    with replace_file(SCHEMA) as temporary:
        temporary.write_text(result_schema(), encoding="utf-8")
    say(Message("{path} is up to date with the code.", path=SCHEMA))
