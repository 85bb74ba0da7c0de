"""Write reports: of what ``core predict`` answered, of a batch, and of a series on a page."""

import math
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from core.api.answers import AnsweredSlice, AnsweredVolume
from core.api.series import Row, Task, again
from core.batch.pdf import ReportPage, report_pdf
from core.batch.pictures import read_pictures, slice_pictures, volume_pictures
from core.batch.table import count_pictured, read_pictured
from core.bundles.bundle import Bundle, distinct_bundles
from core.files import write_whole
from core.inference.background import on_each_core
from core.inference.predictor import Predictor
from core.translation.messages import shown, tr

REPORT = "report.pdf"
PAGES = 200
"""Most slices and volumes of one file of a batch; it bounds the memory, too."""


def report_page(answered: AnsweredSlice | AnsweredVolume, predictor: Predictor) -> ReportPage:
    """Return the page of an answered slice or volume."""
    if isinstance(answered, AnsweredSlice):
        return ReportPage(answered.result, slice_pictures(answered))
    return ReportPage(answered.result, volume_pictures(answered, predictor))


def write_report(
    path: Path, pages: Sequence[ReportPage], bundles: tuple[Bundle, ...], *, series: Sequence[dict[str, Any]] = ()
) -> None:
    """Write a report; of more than one page it begins with a summary, and with the answers of the slices' series.

    Raises:
        OSError: the disk does not take it.
    """
    title = shown(pages[0].result["name"]) if len(pages) == 1 else tr("{count} results", count=len(pages))
    write_whole(path, report_pdf(pages, bundles, title=f"SliceScope: {title}", summary=len(pages) > 1, series=series))


def write_batch_report(
    folder: Path, bundles: tuple[Bundle, ...], *, series: Sequence[dict[str, Any]] = ()
) -> list[Path]:
    """Write the report of a batch from its table and its pictures; return the files: one for every ``PAGES`` results.

    A volume has a page, its slices have none. Series stand on the first page.

    Raises:
        OSError: a picture is missing, or the disk does not take a file.
    """
    rows = read_pictured(folder)
    count = math.ceil(count_pictured(folder) / PAGES)
    paths = []
    for number in range(1, count + 1):
        pages = [ReportPage(row["result"], read_pictures(folder, row["pictures"])) for row in islice(rows, PAGES)]
        paths.append(folder / (REPORT if count == 1 else f"report-{number:03}.pdf"))
        write_report(paths[-1], pages, bundles, series=series if number == 1 else ())
    return paths


def series_report(
    answered: Sequence[tuple[Task, Row]], predictor: Predictor, *, series: Sequence[dict[str, Any]] = ()
) -> bytes:
    """Return a report of many slices as PDF, a page a slice that can be read.

    Args:
        answered: tasks and their rows.
        predictor: of slices of whose prediction nothing is kept.
        series: ``core.inference.volumes.series.series_result`` of those of one patient; the summary begins with them.
    """
    answer = again(answered, predictor)

    def page(one: tuple[Task, Row]) -> ReportPage | None:
        found = answer(*one)
        return report_page(found, predictor) if found else None

    pages = [page for page in on_each_core(page, answered) if page is not None]
    bundles = distinct_bundles(predictor.classifier, predictor.segmenter)
    return report_pdf(
        pages, bundles, title=f"SliceScope: {tr('{count} results', count=len(pages))}", summary=True, series=series
    )


def volume_report(answered: AnsweredVolume, predictor: Predictor) -> bytes:
    """Return the report of a volume as PDF."""
    bundles = distinct_bundles(predictor.classifier, predictor.segmenter)
    return report_pdf(
        [report_page(answered, predictor)], bundles, title=f"SliceScope: {shown(answered.result['name'])}"
    )
