"""Strangers: slices without a tumour, from elsewhere, and pictures that are no brain: what is answered to them."""

import streamlit as st

from core.bundles.bundle import bundle_names, open_bundle
from core.bundles.predictions import confusion_counts
from core.evaluation.external import DEV
from core.inference.gate import LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION, GateThresholds
from core.ood.evaluate import EXTERNAL_GROUP, gate_answers, measured_split
from panels import shell
from panels.external.answers import WRONG, answered, bars, cost, figures, thresholds, verdict
from panels.external.control import control, examples
from panels.external.scores import scores
from panels.external.slices import slices
from panels.shared import confusion_matrix
from panels.shared.theme import escape_markdown

shell.require()

st.title("Strangers", anchor=False)
found = [bundle for bundle in map(open_bundle, bundle_names()) if measured_split(bundle)]
if not found:
    st.info(
        "No network here has a screen for strangers yet; `python -m core screen unified-unet FOLDER` fits one.",
        icon=":material/person_search:",
    )
    st.stop()
bundle = found[0]
split = measured_split(bundle)
assert split is not None
st.markdown(
    "A network that knows three tumours names one of them in anything. Beside "
    f"**{escape_markdown(bundle.card['title'])}** stands a screen that may say *no tumour*, *not sure*, or that a "
    "picture is none of the kind. Here is what it says of slices from other scanners and hospitals, some without a "
    "tumour, some "
    "of other sequences or even CT; of the data set's own test slices; and of pictures that are no brain."
)
if split == DEV:
    st.warning(
        "The slices from elsewhere below are those that the thresholds were chosen on, which flatters.",
        icon=":material/warning:",
    )
told = gate_answers(bundle, split)
verdict(bundle, answered(told, GateThresholds(**bundle.card["screen"]["thresholds"])))
limits = thresholds(bundle, told)
table = answered(told, limits)
figures(table)
bars(table, key="bars")
st.caption(
    "The labels of the slices from elsewhere are known to be noisy, most in glioma, and which patient a slice is of is "
    "not known. The screen hardly tells sequences apart: most slices of T2, FLAIR or CT are answered as if they were "
    "contrast-enhanced T1."
)
cost(bundle)

st.subheader("Slices from elsewhere, cell by cell", anchor=False)
outside = table[table["group"] == EXTERNAL_GROUP]
kinds = [*confusion_matrix.SHORT_TITLES][:4]
counts = confusion_counts(
    outside.assign(predicted=outside["answer"]), kinds, [*kinds, LOW_CONFIDENCE, OUT_OF_DISTRIBUTION]
)
left, right = st.columns([6, 6], gap="medium")
with right:
    boxes = st.columns(2)
    with boxes[0]:
        true = st.selectbox(
            "True",
            kinds,
            None,
            format_func=confusion_matrix.SHORT_TITLES.get,
            key=confusion_matrix.TRUE_KEY,
            placeholder="Any",
            bind="query-params",
        )
    with boxes[1]:
        answer = st.selectbox(
            "Answer",
            list(counts.columns),
            None,
            format_func=confusion_matrix.SHORT_TITLES.get,
            key=confusion_matrix.PREDICTED_KEY,
            placeholder="Any",
            bind="query-params",
        )
with left:
    confusion_matrix.draw_confusion_matrix(counts, show=confusion_matrix.COUNTS, key="matrix")
with right:
    chosen = outside
    if true:
        chosen = chosen[chosen["true"] == true]
    if answer:
        chosen = chosen[chosen["answer"] == answer]
    if st.toggle(
        "Only disputed labels",
        key="disputed",
        bind="query-params",
        help="Tumours that were named, with enough probability, as another kind than their label says. Labels here are "
        "known to be noisy, most in glioma; which of the two is right cannot be told from this data.",
    ):
        chosen = chosen[(chosen["outcome"] == WRONG) & (chosen["true"] != NO_TUMOUR) & (chosen["answer"] != NO_TUMOUR)]
    slices(chosen, key="page")

st.subheader("Two scores decide", anchor=False)
scores(table, limits, key="scores")
st.subheader("By the tumour, or by the source?", anchor=False)
control(bundle)
st.subheader("Pictures that are no brain", anchor=False)
examples(table)
tried = bundle.card["screen"]["tried"]
with st.expander("What was tried", icon=":material/science:"):
    st.markdown("\n".join(f"- {escape_markdown(one)}" for one in tried))
