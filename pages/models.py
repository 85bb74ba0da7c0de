"""Models: every network beside the report's, what each is made of, and how far its figures hold."""

from collections.abc import Iterable

import streamlit as st

from core.bundles.bundle import Bundle
from core.errors import BundleError
from core.evaluation.comparison.literature import patient_level_results
from core.translation.messages import mark, tr
from panels import shell
from panels.models.card import draw_card
from panels.models.cards import draw_cards
from panels.models.cross_validation import draw_fold_tables
from panels.models.internal_external import draw_internal_and_external
from panels.models.network import draw_network
from panels.models.published import draw_published_results
from panels.models.splits import draw_split_comparisons, split_comparisons
from panels.models.table import (
    draw_between_neighbours,
    draw_networks_table,
    draw_unified_against_report,
    interval_note,
    task_text,
)
from panels.shared.labels import SPLITS_SECTION, bundle_title
from panels.shared.link.address import bound
from panels.shared.model_choice import choose_bundle, chosen_model, listed_bundles, readable_bundles
from panels.shared.theme import escape_markdown

shell.require()

VIEWS = {mark("Network"): draw_network, mark("Card"): draw_card}


def networks(bundles: list[Bundle]) -> None:
    """Draw a card for each network, the table of all their figures, and one of them opened."""
    names = [bundle.name for bundle in in_order(listed_bundles().bundles.values())]
    top = st.container()
    open_column, view_column = st.columns([2, 5], gap="medium", vertical_alignment="bottom")
    with open_column:
        name = choose_bundle(
            tr("Open a network"),
            names,
            key="bundle",
            default=chosen_model().class_by,
            help=tr("Or press its card above."),
        )
    with view_column:
        view = bound(
            st.segmented_control, tr("View"), list(VIEWS), default="Network", required=True, format_func=tr, key="view"
        )
    with top:
        draw_cards(bundles, chosen=name, key="bundle")
        with st.expander(tr("All figures, with intervals, beside the report's"), icon=":material/table:"):
            draw_networks_table([bundle for bundle in bundles if not bundle.reads_neighbours])
            draw_between_neighbours(bundles)
            st.caption(
                tr(
                    "The first two rows are the report's own figures; – where it states none. It states no Dice, "
                    "and its IoU cannot be compared (see Masks). {interval_note}",
                    interval_note=interval_note(),
                )
            )
            draw_unified_against_report(bundles)
    bundle = listed_bundles().find(name)
    st.header(bundle_title(bundle), anchor=False)
    st.markdown(escape_markdown(tr(bundle.card.about)))
    VIEWS[view](bundle, key="models")


def in_order(bundles: Iterable[Bundle]) -> list[Bundle]:
    """Sort bundles by task, then by name."""
    return sorted(bundles, key=lambda bundle: (task_text(bundle), bundle.name))


def splits(bundles: list[Bundle]) -> None:
    """Draw what a slice-level split adds to the figures, then the figures of every fold."""
    pairs = split_comparisons(bundles)
    if pairs:
        st.header(tr("Slice-level against patient-level split"), anchor=False)
        draw_split_comparisons(pairs, key="twins")
    draw_fold_tables(bundles)


def published(bundles: list[Bundle]) -> None:
    """Draw published results beside ours."""
    st.header(tr("Published results, patient-level split"), anchor=False)
    draw_published_results(patient_level_results(bundles))


SECTIONS = {
    mark("Networks"): networks,
    SPLITS_SECTION: splits,
    mark("Internal and external"): draw_internal_and_external,
    mark("Published results"): published,
}
FORMER_SECTIONS = {
    "By slice and by patient": SPLITS_SECTION,
    "Inside and outside": "Internal and external",
    "What others reach": "Published results",
}
"""Sections by the names they had in addresses before."""

st.markdown(
    tr(
        "The report's two networks, rebuilt, and later ones: what each is made of, how good it is, and how much "
        "of that holds for new patients and other scanners."
    )
)
if not listed_bundles().bundles:
    raise BundleError("There is no bundle that can be used; take models/ from the project again, or train one.")
section = bound(
    st.segmented_control,
    tr("Shown"),
    list(SECTIONS),
    default="Networks",
    required=True,
    wrap=True,
    format_func=tr,
    key="show",
    former=FORMER_SECTIONS,
    label_visibility="collapsed",
)
SECTIONS[section](readable_bundles(in_order(listed_bundles().bundles.values())))
