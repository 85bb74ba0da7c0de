"""Section 8.2 of the report: its four proposals, and what became of each here."""

import streamlit as st

from core.bundles.bundle import DEFAULT_CLASSIFIER, UNIFIED_BY_SLICE, Bundle
from core.bundles.measured_gate import measured_split
from core.evaluation.comparison.result_tables import correct_slices
from core.translation.messages import tr
from panels.report.difference import report_networks
from panels.report.layout import draw_title
from panels.report.pictures import answered_slice, draw_heat_map
from panels.shared.labels import bundle_title
from panels.shared.model_choice import bundle_address, evaluated_bundle
from panels.shared.theme import percent

_SEARCHED = "report-cnn-searched"
_GRAD_CAM = "grad-cam"


def draw_future_work() -> None:
    """Draw the section; a line whose bundle is missing is left out."""
    report, segmenter = map(evaluated_bundle, report_networks())
    _draw_new_data(evaluated_bundle(DEFAULT_CLASSIFIER))
    _draw_search(evaluated_bundle(_SEARCHED), evaluated_bundle("report-cnn-patients"))
    _draw_grad_cam(report, segmenter)
    _draw_unified(evaluated_bundle(UNIFIED_BY_SLICE), report, segmenter)


def _draw_new_data(bundle: Bundle | None) -> None:
    draw_title(tr("1 · New data, images without tumours"), "external" if bundle else None, tr("External data"))
    external = bundle.card.metrics.external if bundle and measured_split(bundle) == "test" else None
    if bundle and external and external.class_accuracy is not None and external.no_tumour_called_tumour is not None:
        st.markdown(
            tr(
                "{bundle} gets {class_accuracy} of external tumour types right; its gate gives "
                "{no_tumour_called_tumour} of tumour-free slices one.",
                bundle=bundle_title(bundle),
                class_accuracy=percent(external.class_accuracy),
                no_tumour_called_tumour=percent(external.no_tumour_called_tumour),
            )
        )


def _draw_search(searched: Bundle | None, untuned: Bundle | None) -> None:
    draw_title(tr("2 · Hyperparameters"), "tuning", tr("Hyperparameters"))
    if searched and untuned:
        st.markdown(
            tr(
                "Searched, the CNN gets {searched} held-out slices right; untuned, {untuned}.",
                searched=correct_slices(searched),
                untuned=correct_slices(untuned),
            )
        )


def _draw_grad_cam(report: Bundle | None, segmenter: Bundle | None) -> None:
    draw_title(tr("3 · Grad-CAM"), "explain", tr("Explain"), **(bundle_address(report.name) or {} if report else {}))
    explanation = report.card.metrics.explanation if report else None
    if report and explanation and _GRAD_CAM in explanation.methods:
        right = explanation.methods[_GRAD_CAM].right
        st.markdown(
            tr(
                "Where {report} is right, {inside} of its heat is on the tumour; chance level {area}.",
                report=bundle_title(report),
                inside=percent(right.inside),
                area=percent(right.area),
            )
        )
    answered = answered_slice(report, segmenter) if report and segmenter else None
    if answered:
        draw_heat_map(answered)


def _draw_unified(unified: Bundle | None, report: Bundle | None, segmenter: Bundle | None) -> None:
    draw_title(tr("4 · One network for both"), "models", tr("All networks"))
    table_5 = unified.test_metrics.table_5 if unified else None
    if unified and table_5 and report and segmenter:
        st.markdown(
            tr(
                "Split by slice, it gets {unified_correct} right, against {report_correct}; Table 5's mean Dice is "
                "{unified_dice:.4f}, against {report_dice:.4f}.",
                unified_correct=correct_slices(unified),
                report_correct=correct_slices(report),
                unified_dice=table_5.dice_mean,
                report_dice=segmenter.test_metrics.dice_mean,
            )
        )
