"""Several uploads as one series of one patient: the switch, and the one answer for all of them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.inference.volumes.analysis import sure_probability
from core.inference.volumes.series import SERIES, left_out_message, series_result
from core.translation.messages import tr
from panels.shared.answer import answer_container, draw_headline, draw_truth
from panels.shared.labels import term
from panels.shared.theme import percent


def draw_switch(*, key: str) -> bool:
    """Draw the switch that makes the uploads one series; return whether they are."""
    return st.toggle(
        tr("These slices are of one patient"),
        key=f"{key}_series",
        help=tr(
            "They are classified together as one series: the class with the highest mean probability is that of all of "
            "them. Slices for which no class is given are left out."
        ),
    )


def draw_together(results: Sequence[dict[str, Any]], classifier: Bundle, *, key: str) -> dict[str, Any] | None:
    """Draw the answer for all slices together, with their number and those that are left out.

    Args:
        results: ``core.inference.result.slice_result`` of the slices that are answered so far.
        classifier: the bundle that gives the class.
        key: tells the answer from others on the page.

    Returns:
        ``core.inference.volumes.series.series_result``; None while no slice is answered.
    """
    if not results:
        return None
    result = series_result(SERIES, results, sure=sure_probability(classifier))
    with answer_container(result, key=f"{key}_together"), st.container(border=True):
        st.markdown(tr("**All slices together**, as one {series} of one patient", series=term("series", tr("series"))))
        draw_headline(result, key=f"{key}_together")
        st.markdown(" ".join(filter(None, [tr(left_out_message(result)), _how_often(classifier)])))
        draw_truth(result["truth"])
        for warning in result["warnings"]:
            st.warning(tr(warning), icon=":material/warning:")
    return result


def _how_often(bundle: Bundle) -> str:
    """Return how often the class of a new patient's series is right; nothing if not measured.

    It is that of the network without its gate, over all folds where several were trained.
    """
    by_patient, by_slice = map(bundle.card.metrics.on_new_slices, ("patient_accuracy", "series_accuracy"))
    if by_patient is None or by_slice is None:
        return ""
    figures = {"by_patient": percent(by_patient), "by_slice": percent(by_slice)}
    if bundle.card.gate:
        return tr(
            "All slices of a patient together, without the gate: right for **{by_patient}** of new patients and "
            "{by_slice} of their slices.",
            **figures,
        )
    return tr(
        "All slices of a patient together: right for **{by_patient}** of new patients and {by_slice} of their slices.",
        **figures,
    )
