"""External data: results of a gated network on external slices, internal test slices and non-brain images."""

import streamlit as st

from core.bundles.measured_gate import DEV, measured_split
from core.ood.evaluate import EXTERNAL_GROUP, gate_answers, with_outcomes
from core.text import join_words
from panels import shell
from panels.external.confusion import draw_external_confusion
from panels.external.metrics import draw_aims, draw_internal_cost, draw_metrics
from panels.external.non_brain_examples import draw_non_brain_examples
from panels.external.outcome_bars import draw_outcome_bars
from panels.external.robustness import draw_robustness
from panels.external.score_plot import draw_scores
from panels.external.source_control import draw_source_control
from panels.external.thresholds import draw_threshold_sliders
from panels.shared.labels import bundle_title
from panels.shared.model_choice import chosen_model, listed_bundles
from panels.shared.theme import escape_markdown

shell.require()

bundle = chosen_model().classifier
split = measured_split(bundle)
if split is None:
    measured = [each.card.title for each in listed_bundles().bundles.values() if measured_split(each)]
    advice = (
        f"choose {join_words(measured, 'or')} above"
        if measured
        else "`python -m core screen unified-unet FOLDER` measures one"
    )
    st.info(
        f"{bundle_title(bundle)} has no gate that is measured on external data; {advice}.",
        icon=":material/person_search:",
    )
    st.stop()
st.markdown(
    f"A network predicts one of three tumour types for any image. The gate of **{bundle_title(bundle)}"
    "** can instead decide *no tumour found*, *low confidence* or *unusual image*. This page has its results on an "
    "external test set (other scanners and hospitals; some slices without a tumour, some of other sequences or CT), on "
    "the internal test slices, and on non-brain images."
)
if split == DEV:
    st.warning(
        "The thresholds were chosen on the external slices below, so their results are optimistic.",
        icon=":material/warning:",
    )
answers = gate_answers(bundle, split)
draw_aims(bundle, with_outcomes(answers, bundle.gate.thresholds))
thresholds = draw_threshold_sliders(bundle, answers)
table = with_outcomes(answers, thresholds)
draw_metrics(table)
draw_outcome_bars(table, key="bars")
st.caption(
    "Labels of the external slices are noisy, most in glioma, and their patients are not known. The gate hardly "
    "recognises sequences: most slices of T2, FLAIR or CT get a prediction as if they were contrast-enhanced T1."
)
draw_internal_cost(bundle)

st.header("Confusion matrix, external", anchor=False)
draw_external_confusion(table[table["group"] == EXTERNAL_GROUP])

draw_robustness(bundle)
st.header("Tumour score and OOD score", anchor=False)
draw_scores(table, thresholds, key="scores")
st.header("Tumour or source?", anchor=False)
draw_source_control(bundle)
st.header("Non-brain images", anchor=False)
draw_non_brain_examples(table)
with st.expander("What was tried", icon=":material/science:"):
    st.markdown("\n".join(f"- {escape_markdown(attempt)}" for attempt in bundle.gate.tried))
