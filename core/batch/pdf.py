"""A report to hand over: a page a slice or a volume, as PDF. It holds nothing of a file's header and no date of it."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpdf import FPDF

from core.batch.pictures import Pictures
from core.bundles.bundle import Bundle, open_bundle
from core.config import CLASSIFICATION, NOTICE, SEGMENTATION
from core.errors import BundleError
from core.inference.result import shown_probabilities
from core.inference.volumes.series import left_out_message
from core.labels import (
    CLASS_LABELS,
    GREY,
    METRIC_TITLES,
    OUTCOME_LABELS,
    SHARE_METRICS,
    Label,
)
from core.text import lower_first
from core.translation.language import ENGLISH, current_language
from core.translation.messages import mark, shown, tr
from core.translation.numbers import number_text

_FONTS = Path(__file__).with_name("fonts")
_FONT = "DejaVu"
_MARGIN, _LINE, _GAP = 15, 5.2, 4
"""In mm, as all lengths here."""
_PICTURE_SIDE, _BAR = 58, 50
_TEXT, _SMALL, _LARGE, _TITLE = 10, 8, 14, 16
"""Sizes of the font in points."""
_INK, _PALE = (12, 21, 24), (222, 227, 229)
_NOT_SHOWN = mark("With this outcome the network's mask and heat map are not shown.")
_LANGUAGES = {ENGLISH: "en-GB"}
"""Languages with the country whose spelling is used."""


@dataclass(frozen=True)
class ReportPage:
    """What a page shows.

    Attributes:
        result: by ``core.inference.result.slice_result`` or ``core.inference.volumes.result.volume_result``.
        pictures: of the slice, or of a slice of the volume.
    """

    result: dict[str, Any]
    pictures: Pictures


class Report(FPDF):
    """An A4 document in the current language with embedded fonts, whose every page carries the notice.

    Args:
        title: of the document.
    """

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.set_lang(_LANGUAGES.get(current_language(), current_language()))
        self.set_title(title)
        self.set_creator("SliceScope")
        self.add_font(_FONT, "", _FONTS / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", _FONTS / "DejaVuSans-Bold.ttf")
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 2 * _LINE)
        self.set_text_color(*_INK)

    def footer(self) -> None:
        """Write the notice and the page's number at the foot of a page."""
        self.set_y(-_MARGIN)
        self.set_font(_FONT, "", _SMALL)
        self.cell(0, _LINE, tr(NOTICE))
        self.set_x(_MARGIN)
        self.cell(0, _LINE, f"{self.page_no()} / {{nb}}", align="R")

    def write_lines(self, text: str, *, size: float = _TEXT, bold: bool = False) -> None:
        """Write a paragraph; characters that the font lacks become the replacement character."""
        self.set_font(_FONT, "B" if bold else "", size)
        known = self.current_font.cmap
        known_text = "".join(letter if ord(letter) in known or letter == "\n" else "\ufffd" for letter in text)
        self.multi_cell(0, _LINE * size / _TEXT, known_text, align="L", new_x="LMARGIN", new_y="NEXT")


def report_pdf(
    pages: Iterable[ReportPage],
    bundles: tuple[Bundle, ...],
    *,
    title: str,
    summary: bool = False,
    series: Sequence[dict[str, Any]] = (),
) -> bytes:
    """Return a report as PDF.

    Args:
        pages: one a slice or a volume.
        bundles: that answered, the classifier first.
        title: of the document.
        summary: whether a first page counts the answers and lists them.
        series: ``core.inference.volumes.series.series_result`` of slices of one patient; the summary begins with them.
    """
    report, pages = Report(title), list(pages) if summary else pages
    if summary:
        _add_summary(report, [page.result for page in pages], bundles, title, series)
    for page in pages:
        _add_page(report, page, bundles)
    return bytes(report.output())


def _add_summary(
    report: Report,
    results: list[dict[str, Any]],
    bundles: tuple[Bundle, ...],
    title: str,
    series: Sequence[dict[str, Any]],
) -> None:
    report.add_page()
    report.write_lines(title, size=_TITLE, bold=True)
    report.ln(_GAP)
    for one in series:
        together = tr("{name}: all slices together, as one series of one patient", name=tr(one["name"]))
        report.write_lines(together, bold=True)
        _add_badge(report, one)
        outcome = [f"{OUTCOME_LABELS[one['outcome']].title}."] if one["outcome"] else []
        report.write_lines(" ".join([*outcome, tr(one["reason"]), tr(left_out_message(one))]))
        report.ln(_GAP)
    for answer, count in Counter(answer_text(result) for result in results).most_common():
        report.write_lines(f"{count} × {answer}")
    report.ln(_GAP)
    _add_model(report, bundles)
    report.ln(_GAP)
    report.write_lines(tr("On the following pages"), bold=True)
    for result in results:
        report.write_lines(f"{shown(result['name'])}: {answer_text(result)}", size=_SMALL)


def _add_page(report: Report, page: ReportPage, bundles: tuple[Bundle, ...]) -> None:
    result = page.result
    report.add_page()
    report.write_lines(shown(result["name"]), size=_TITLE, bold=True)
    report.ln(_GAP)
    _add_badge(report, result)
    report.write_lines(_reason(result))
    report.ln(_GAP)
    _add_pictures(report, page.pictures)
    if page.pictures.overlay is not None:
        _add_probabilities(report, result)
        report.write_lines(_size_text(result))
    report.ln(_GAP)
    for remark in (*result["warnings"], *result["notes"]):
        report.write_lines(tr(remark), size=_SMALL)
    report.ln(_GAP)
    _add_model(report, bundles)


def _label(result: dict[str, Any]) -> Label:
    return CLASS_LABELS[result["class"]] if result["class"] else OUTCOME_LABELS[result["outcome"]]


def answer_text(result: dict[str, Any]) -> str:
    """Return a result's class and outcome, or the outcome alone: "Glioma, low confidence"."""
    outcome = OUTCOME_LABELS[result["outcome"]] if result["outcome"] else None
    if result["class"] is None:
        return _label(result).title
    return CLASS_LABELS[result["class"]].title + (f", {outcome.in_text}" if outcome else "")


def _add_badge(report: Report, result: dict[str, Any]) -> None:
    label = _label(result)
    text = label.title
    if result["class"]:
        text += f" · {_percent(shown_probabilities(result)[result['class']])}"
    report.set_font(_FONT, "B", _LARGE)
    report.set_fill_color(label.colour or GREY)
    report.set_text_color(label.text_colour)
    width = report.get_string_width(text) + 8
    report.cell(width, 2 * _LINE, text, align="C", fill=True, new_x="LMARGIN", new_y="NEXT")
    report.set_text_color(*_INK)
    report.ln(_GAP / 2)


def _reason(result: dict[str, Any]) -> str:
    """Return the outcome and its reason, with the figures behind it."""
    if "slices" in result:
        figures = tr(
            "{counted} of {total} {plane} slices count.",
            counted=len(result["slices_with_mask"]),
            total=result["slices"],
            plane=tr(result["plane"]),
        )
    else:
        figures = tr((result["gate"] or {}).get("figures", ""))
    outcome = f"{OUTCOME_LABELS[result['outcome']].title}." if result["outcome"] else ""
    return " ".join(filter(None, [outcome, tr(result["reason"]), figures]))


def _add_pictures(report: Report, pictures: Pictures) -> None:
    titled = {
        tr("Slice"): pictures.slice,
        tr("Predicted mask"): pictures.overlay,
        tr("Heat map"): pictures.heat,
    }
    top = report.get_y()
    for place, (name, content) in enumerate(titled.items()):
        if content is not None:
            left = _MARGIN + place * (_PICTURE_SIDE + 3)
            report.image(content, left, top, _PICTURE_SIDE, _PICTURE_SIDE, keep_aspect_ratio=True, alt_text=name)
            report.set_xy(left, top + _PICTURE_SIDE)
            report.set_font(_FONT, "", _SMALL)
            report.cell(_PICTURE_SIDE, _LINE, name)
    report.set_xy(_MARGIN, top + _PICTURE_SIDE + _LINE)
    if pictures.overlay is None:
        report.write_lines(tr(_NOT_SHOWN))
    else:
        report.ln(_GAP)


def _add_probabilities(report: Report, result: dict[str, Any]) -> None:
    """Draw a bar for each class."""
    probabilities = shown_probabilities(result)
    title = tr("Calibrated probabilities") if result["outcome"] else tr("Probabilities")
    report.write_lines(title, bold=True)
    for name, probability in (probabilities or {}).items():
        label = CLASS_LABELS[name]
        report.set_font(_FONT, "", _TEXT)
        report.cell(40, _LINE, label.title)
        report.set_fill_color(*_PALE)
        left, top = report.get_x(), report.get_y()
        report.rect(left, top + 1, _BAR, _LINE - 2, style="F")
        report.set_fill_color(label.colour)
        report.rect(left, top + 1, _BAR * probability, _LINE - 2, style="F")
        report.set_x(left + _BAR + 3)
        report.cell(0, _LINE, _percent(probability), new_x="LMARGIN", new_y="NEXT")
    report.ln(_GAP)


def _size_text(result: dict[str, Any]) -> str:
    """Return the size of the mask, in a sentence."""
    mask = result["mask"]
    if "voxels" in mask:
        size = tr("{voxels:,} voxels", voxels=mask["voxels"])
        if mask["volume_ml"] is not None:
            size = tr("{voxels:,} voxels = {volume:,.1f} ml", voxels=mask["voxels"], volume=mask["volume_ml"])
    else:
        size = tr("{area:,} px", area=mask["area_px"])
        if mask["area_mm2"] is not None:
            size = tr("{area:,} px = {area_mm2:,.0f} mm²", area=mask["area_px"], area_mm2=mask["area_mm2"])
    if mask["longest_diameter_mm"] is None:
        return tr("Predicted mask: {size}; the pixel size is not known.", size=size)
    return tr(
        "Predicted mask: {size}, longest diameter {diameter:.0f} mm.", size=size, diameter=mask["longest_diameter_mm"]
    )


def _add_model(report: Report, bundles: tuple[Bundle, ...]) -> None:
    report.write_lines(tr("The model"), bold=True)
    for bundle in bundles:
        report.write_lines(
            tr(
                "{title} ({name}), version {version}. {about}",
                title=bundle.title,
                name=bundle.name,
                version=bundle.card.version,
                about=tr(bundle.card.about),
            )
        )
        report.write_lines(_figures(bundle))


def _figures(bundle: Bundle) -> str:
    """Return the figures of a bundle on test slices, those of a patient-level split too where another one has them."""
    sentences = [_test_figures(bundle)]
    counterpart = bundle.card.data.by_patient_bundle
    if counterpart:
        with contextlib.suppress(BundleError):
            sentences.append(
                tr(
                    "The same network on another split ({name}): {figures}",
                    name=counterpart,
                    figures=_test_figures(open_bundle(counterpart)),
                )
            )
    if bundle.card.gate:
        sentences.append(tr("All of these are before the gate."))
    return " ".join(sentences)


def _test_figures(bundle: Bundle) -> str:
    try:
        metrics = bundle.test_metrics
    except BundleError:
        return tr("It is not evaluated.")
    names = (
        *(("accuracy", "series_accuracy", "patient_accuracy") if CLASSIFICATION in bundle.tasks else ()),
        *(("dice_mean", "missed") if SEGMENTATION in bundle.tasks else ()),
    )
    stated = {name: getattr(metrics, name) for name in names}
    written = [
        f"{lower_first(METRIC_TITLES[name])} {_percent(value) if name in SHARE_METRICS else number_text(value, '.2f')}"
        for name, value in stated.items()
        if value is not None
    ]
    return tr(_split_sentence(bundle), slices=metrics.slices, patients=metrics.patients, figures=", ".join(written))


def _split_sentence(bundle: Bundle) -> str:
    """Return the English sentence of a bundle's figures, which says what makes them optimistic."""
    if bundle.card.data.by_patient:
        return mark("On {slices} test slices of {patients} patients, patient-level split: {figures}.")
    if bundle.card.data.test_stopped_training:
        return mark(
            "On {slices} test slices of {patients} patients, slice-level split (leaks: optimistic; its test slices "
            "stopped its training): {figures}."
        )
    return mark("On {slices} test slices of {patients} patients, slice-level split (leaks: optimistic): {figures}.")


def _percent(share: float) -> str:
    return f"{number_text(100 * share, '.1f')}\N{NO-BREAK SPACE}%"
