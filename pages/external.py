"""External data: results of a gated network on external slices, internal test slices and non-brain images."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.measured_gate import DEV, measured_split
from core.ood.evaluate import EXTERNAL_GROUP, gate_answers, with_outcomes
from core.text import OR, join_words
from core.translation.messages import mark, tr
from panels import shell
from panels.external.confusion import draw_external_confusion
from panels.external.metrics import draw_aims, draw_internal_cost, draw_metrics
from panels.external.non_brain_examples import draw_non_brain_examples
from panels.external.outcome_bars import draw_outcome_bars
from panels.external.robustness import draw_robustness
from panels.external.score_plot import draw_scores
from panels.external.source_control import draw_source_control
from panels.external.thresholds import draw_threshold_sliders
from panels.shared.labels import bundle_title, term
from panels.shared.link.address import bound
from panels.shared.model_choice import chosen_model, listed_bundles
from panels.shared.theme import escape_markdown

shell.require()

RESULTS, THRESHOLDS, BY_KIND = mark("Results"), mark("Thresholds"), mark("By image kind")


def draw_results(bundle: Bundle, answers: pd.DataFrame) -> None:
    """Draw the metrics of the gate's own thresholds with their aims, and what the gate costs."""
    table = with_outcomes(answers, bundle.gate.thresholds)
    draw_aims(bundle, table)
    draw_metrics(table)
    draw_outcome_bars(table, key="bars")
    with st.expander(tr("What these figures leave open"), icon=":material/info:"):
        st.markdown(
            tr(
                "Labels of the external slices are noisy, most in glioma, and their patients are not "
                "known, so that they make no series. The gate hardly recognises sequences: most slices of "
                "T2, FLAIR or CT get a prediction as if they were contrast-enhanced T1."
            )
        )
        draw_internal_cost(bundle)
    draw_source_control(bundle)
    with st.expander(tr("What was tried"), icon=":material/science:"):
        st.markdown("\n".join(f"- {escape_markdown(tr(attempt))}" for attempt in bundle.gate.tried))


def draw_thresholds(bundle: Bundle, answers: pd.DataFrame) -> None:
    """Draw sliders over the stored scores, and the metrics and the scores that follow them."""
    scores, sliders = st.columns([3, 2], gap="large")
    with sliders:
        thresholds = draw_threshold_sliders(bundle, answers)
    table = with_outcomes(answers, thresholds)
    with scores:
        draw_scores(table, thresholds, key="scores")
    draw_metrics(table)


def draw_by_kind(bundle: Bundle, answers: pd.DataFrame) -> None:
    """Draw external slices by class, non-brain images by kind, and changed slices."""
    table = with_outcomes(answers, bundle.gate.thresholds)
    st.header(tr("External slices"), anchor=False)
    draw_external_confusion(table[table["group"] == EXTERNAL_GROUP])
    st.header(tr("Non-brain images"), anchor=False)
    draw_non_brain_examples(table)
    draw_robustness(bundle)


VIEWS: dict[str, Callable[[Bundle, pd.DataFrame], None]] = {
    RESULTS: draw_results,
    THRESHOLDS: draw_thresholds,
    BY_KIND: draw_by_kind,
}

bundle = chosen_model().classifier
split = measured_split(bundle)
if split is None:
    measured = [each.title for each in listed_bundles().bundles.values() if measured_split(each)]
    advice = (
        tr("choose {networks} above", networks=join_words(measured, OR))
        if measured
        else tr("`python -m core screen unified-unet FOLDER` measures one")
    )
    st.info(
        tr(
            "{bundle} has no gate that is measured on external data; {advice}.",
            bundle=bundle_title(bundle),
            advice=advice,
        ),
        icon=":material/person_search:",
    )
    st.stop()
st.markdown(
    tr(
        "What {bundle} and its {gate} answer on an {external}, on internal test slices, and on non-brain images.",
        bundle=bundle_title(bundle),
        gate=term("gate", tr("gate")),
        external=term("external", tr("external test set")),
    )
)
if split == DEV:
    st.warning(
        tr("The thresholds were chosen on the external slices below, so their results are optimistic."),
        icon=":material/warning:",
    )
view = bound(
    st.segmented_control, tr("View"), list(VIEWS), default=RESULTS, required=True, wrap=True, format_func=tr, key="view"
)
VIEWS[view](bundle, gate_answers(bundle, split))
