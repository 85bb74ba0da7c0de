"""Several uploads as one series of one patient: the switch, and the one answer for all of them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.inference.volumes.analysis import sure_probability
from core.inference.volumes.series import SERIES, left_out_sentence, series_result
from core.translation.messages import tr
from panels.analyse.reliability import series_sentence
from panels.shared.answer import answer_container, draw_headline, draw_truth
from panels.shared.labels import term


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
        st.markdown(" ".join(filter(None, [left_out_sentence(result), series_sentence(classifier)])))
        draw_truth(result["truth"])
        for warning in result["warnings"]:
            st.warning(tr(warning), icon=":material/warning:")
    return result
