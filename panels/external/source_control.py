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
    control = gate.source_control
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
        st.markdown(_how_fitted(gate.fitted_on))
        st.markdown(_results_in_words(control))
        st.caption(escape_markdown(tr(gate.data)))


def _how_fitted(counts: dict[str, int]) -> str:
    """Return what keeps the gate from going by the source; a gate that reads the mask was fitted on no altered slices.

    Args:
        counts: of the card's ``screen.fitted_on``.
    """
    sources = tr(
        "All tumours that the gate was fitted on come from one data set, all slices without a tumour from another. A "
        "gate could separate the two by size, border or grey levels and ignore the tumour."
    )
    inserted = counts.get("tumours put into those")
    if inserted is None:
        against = tr(
            "Therefore its tumour score reads only the network's own answer whether there is a tumour, and the best "
            "pixels of its mask. The network was trained on tumour-free slices of both sources: in those of the data "
            "set the tumour is inpainted."
        )
    else:
        against = tr(
            "Therefore both labels were made in both sources: in {inpainted} slices of the data set the tumour was "
            "inpainted from the other half of the head, and {inserted} tumours were inserted into the {tumour_free} "
            "slices without one. All went through the same crop, resampling, compression and change of contrast.",
            inpainted=counts["of them made tumour-free too"],
            inserted=inserted,
            tumour_free=counts["tumour-free slices from elsewhere"],
        )
    return f"{sources} {against}"


def _results_in_words(control: SourceControl) -> str:
    """Return a list of what happens to the decision when the tumour or its surroundings are changed."""
    points = [
        tr(
            "Of {own_twins} validation slices of the data set with their tumour inpainted, {inpainted} get “no tumour "
            "found”. A gate that went by the source alone would give it to none. With the tumour left and an equal "
            "area beside it inpainted, {shams} get it: that much may be due to traces of inpainting.",
            own_twins=control.own_twins,
            inpainted=percent(control.own_twins_called_no_tumour),
            shams=percent(control.own_shams_called_no_tumour),
        ),
        tr(
            "{called_no_tumour} external slices of the split dev get “no tumour found”. With the surroundings of a "
            "slice of the data set around their heads, {kept} of these decisions stay.",
            called_no_tumour=control.called_no_tumour,
            kept=percent(control.kept_in_other_surroundings),
        ),
    ]
    if control.heat_in_head is not None:
        points.append(
            tr(
                "{heat} of the heat for “no tumour found” lies on the head; chance level is {head}. Of the SmoothGrad "
                "saliency, which also shows evidence against it, {saliency} does.",
                heat=percent(control.heat_in_head),
                head=percent(control.head_area),
                saliency=percent(control.saliency_in_head),
            )
        )
    return "\n".join(f"- {point}" for point in points)
