"""Models: every network there is beside the report's, and what each is made of."""

import streamlit as st

from core.bundles.bundle import Bundle, bundle_names, open_bundle
from core.errors import BundleError
from core.evaluation.literature import patient_level_results
from panels import shell
from panels.models.card import card, network
from panels.models.folds import folds
from panels.models.like_for_like import like_for_like
from panels.models.outside import outside
from panels.models.published import published
from panels.models.table import BY_PATIENT, INTERVALS, by_slice_and_by_patient, draw_table, draw_twins, tasks
from panels.shared.theme import escape_markdown

shell.require()

VIEWS = {"Network": network, "Card": card}


def networks(found: list[Bundle]) -> None:
    """The table of all, and one of them opened."""
    names = [bundle.name for bundle in found]
    top = st.container()
    open_column, view_column = st.columns([2, 5], gap="medium", vertical_alignment="bottom")
    with open_column:
        name = st.selectbox(
            "Open a network", names, key="bundle", bind="query-params", help="Or click its row in the table above."
        )
    with view_column:
        view = st.segmented_control(
            "View", list(VIEWS), default="Network", required=True, key="view", bind="query-params"
        )
    with top:
        draw_table(found, chosen=name, key="bundle")
        st.caption(
            "On top the report's figures; – where it states none, as for Dice: it gives an IoU that cannot be compared "
            f"(see Masks). {INTERVALS} Times are of the machines on which they were taken."
        )
        like_for_like(found)
    bundle = found[names.index(name)]
    st.subheader(bundle.card["title"], anchor=False)
    st.markdown(escape_markdown(bundle.card["about"]))
    VIEWS[view](bundle, key="models")


def by_patient_and_by_slice(found: list[Bundle]) -> None:
    """What a split by slice adds to the figures, then the figures of every fold by patient."""
    pairs = by_slice_and_by_patient(found)
    if pairs:
        st.subheader("Split by slice against split by patient", anchor=False)
        draw_twins(pairs, key="twins")
    folds(found)


def others(found: list[Bundle]) -> None:
    """Published figures."""
    st.subheader("What others reach by patient", anchor=False)
    published(patient_level_results(found))


SECTIONS = {
    "Networks": networks,
    BY_PATIENT: by_patient_and_by_slice,
    "Inside and outside": outside,
    "What others reach": others,
}

st.title("Models", anchor=False)
st.markdown(
    "The report's two networks rebuilt, and those that came after: what each is made of, how good it is on slices it "
    "has not trained on, and how much of that holds for new patients and for other scanners."
)
found: list[Bundle] = []
for name in bundle_names():
    try:
        found.append(open_bundle(name))
    except BundleError as error:
        st.warning(escape_markdown(str(error)), icon=":material/warning:")
if not found:
    raise BundleError("There is no bundle here; take models/ from the project again, or train one.")
found.sort(key=lambda bundle: (tasks(bundle), bundle.name))
shown = st.segmented_control(
    "Shown",
    list(SECTIONS),
    default="Networks",
    required=True,
    wrap=True,
    key="show",
    bind="query-params",
    label_visibility="collapsed",
)
SECTIONS[shown](found)
