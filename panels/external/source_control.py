"""The control of the gate: whether it recognises the tumour or the source."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.card.schema import SourceControl
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.shared.labels import term
from panels.shared.theme import escape_markdown, percent


def draw_source_control(bundle: Bundle) -> None:
    """Draw what the gate was fitted on and the results of its control.

    Args:
        bundle: with a gate.
    """
    gate = bundle.gate
    control, counts = gate.source_control, gate.fitted_on
    if control is None:
        return
    aucs = {
        tr("As they are"): control.as_they_are,
        tr("After the network's preprocessing"): control.preprocessed,
        tr("As the gate was fitted on them"): control.as_in_training,
    }
    with st.expander(tr("Tumour or source: how the gate was fitted"), icon=":material/rule:"):
        st.dataframe(
            pd.DataFrame(
                {tr("The two sources"): list(aucs), tr("AUC"): [number_text(auc, ".3f") for auc in aucs.values()]}
            ),
            hide_index=True,
            alt="; ".join(tr("{title}: AUC {auc:.3f}", title=title, auc=auc) for title, auc in aucs.items()),
        )
        st.caption(
            tr(
                "{auc} between the sources from size, border and histogram alone: 0.5 is chance, 1 is perfect. "
                "**The sources can still be separated after all steps**, so part of the gate's decision may rest "
                "on the source.",
                auc=term("auc", tr("AUC")),
            )
        )
        st.markdown(
            tr(
                "All tumours that the gate was fitted on come from one data set, all slices without a tumour from "
                "another. A gate could separate the two by size, border or grey levels and ignore the tumour. "
                "Therefore both labels were made in both sources: in {of_them_made_tumour_free_too} slices of the "
                "data set the tumour was inpainted from the other half of the head, and {tumours_put_into_those} "
                "tumours were inserted into the {tumour_free_slices_from_elsewhere} slices without one. All went "
                "through the same crop, resampling, compression and change of contrast.",
                of_them_made_tumour_free_too=counts["of them made tumour-free too"],
                tumours_put_into_those=counts["tumours put into those"],
                tumour_free_slices_from_elsewhere=counts["tumour-free slices from elsewhere"],
            )
        )
        st.markdown(_results_in_words(control))
        st.caption(escape_markdown(tr(gate.data)))


def _results_in_words(control: SourceControl) -> str:
    """Return a list of what happens to the decision when the tumour or its surroundings are changed."""
    return tr(
        "- Of {own_twins} validation slices of the data set with their tumour inpainted, {inpainted} "
        "get “no tumour found”. A gate that went by the source alone would give it to none. With "
        "the tumour left and an equal area beside it inpainted, {shams} get it: that much may be "
        "due to traces of inpainting.\n- {called_no_tumour} external slices of the split dev get "
        "“no tumour found”. {heat} of the heat for it lies on the head; chance level is "
        "{head}. Of the SmoothGrad saliency, which also shows evidence against it, {saliency} "
        "does.\n- With the surroundings of a slice of the data set around their heads, {kept} of "
        "these decisions stay.",
        own_twins=control.own_twins,
        inpainted=percent(control.own_twins_called_no_tumour),
        shams=percent(control.own_shams_called_no_tumour),
        called_no_tumour=control.called_no_tumour,
        heat=percent(control.heat_in_head),
        head=percent(control.head_area),
        saliency=percent(control.saliency_in_head),
        kept=percent(control.kept_in_other_surroundings),
    )
