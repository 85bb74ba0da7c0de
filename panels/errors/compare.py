"""The Errors page's fourth view: two classifiers on slices that neither has trained on, and where they disagree."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.predictions import disagreements, order_predictions, select_predictions
from core.config import CLASSIFICATION
from core.evaluation.figures import accuracy_of
from core.labels import CLASS_LABELS
from panels.shared.cache import cached_predictions
from panels.shared.controls import csv_button
from panels.shared.labels import bundle_title
from panels.shared.link.address import bound
from panels.shared.model_choice import choose_bundle, listed_bundles
from panels.shared.slices import gallery
from panels.shared.theme import percent

ALL, FIRST, SECOND, NEITHER = "All", "first", "second", "neither"


def draw_comparison(bundle: Bundle) -> None:
    """Draw the view."""
    other_names = [name for name in listed_bundles().evaluated(CLASSIFICATION) if name != bundle.name]
    if not other_names:
        st.info("There is only one classifier; train another to compare.", icon=":material/info:")
        return
    other = listed_bundles().find(choose_bundle("Compare with", other_names, key="other"))
    names = bundle_title(bundle), bundle_title(other)
    first, second = (select_predictions(cached_predictions(each), part="test") for each in (bundle, other))
    shared = first["slice"][first["slice"].isin(second["slice"])]
    if shared.empty:
        st.info(f"No slice is in the test part of both {names[0]} and {names[1]}.", icon=":material/join_inner:")
        return
    own, others = (percent(accuracy_of(table[table["slice"].isin(shared)])) for table in (first, second))
    st.markdown(
        f"**{len(shared)} slices** are in the test part of both: neither network has trained on them. Accuracy on "
        f"these: {names[0]} **{own}**, {names[1]} **{others}**."
    )
    table = disagreements(first, second)
    table = table.assign(who=[_who_is_right(row) for row in table.itertuples()])
    titles = {
        FIRST: f"{names[0]} is right",
        SECOND: f"{names[1]} is right",
        NEITHER: "Neither is right",
    }
    chosen = order_predictions(_choose_disagreements(table, titles), "surest first")
    csv_button(chosen, "CSV of these slices", f"{bundle.name}-against-{other.name}.csv")
    if chosen.empty:
        st.info("No such slice.", icon=":material/filter_alt_off:")
    else:
        st.caption(f"Below a slice: its true class, then the predictions of {names[0]} / {names[1]}.")
        gallery.draw_gallery(chosen, caption=_tile_label, key="page")


def _choose_disagreements(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """Count the disagreements by who is right, and let the reader choose some of them."""
    counts = table["who"].value_counts()
    with st.container(horizontal=True, gap="medium"):
        st.metric("They disagree on", f"{len(table)} slices", width="content")
        for who, title in titles.items():
            st.metric(title, int(counts.get(who, 0)), width="content")
    chosen = bound(
        st.segmented_control,
        "Show",
        [ALL, *titles],
        default=ALL,
        required=True,
        format_func=lambda who: titles.get(who, who),
        key="who",
    )
    return table if chosen == ALL else table[table["who"] == chosen]


def _who_is_right(row: object) -> str:
    if row.right:  # type: ignore[attr-defined]
        return FIRST
    return SECOND if row.other_right else NEITHER  # type: ignore[attr-defined]


def _tile_label(row: pd.Series) -> str:
    first, second, true = (CLASS_LABELS[row[name]].short for name in ("predicted", "other_predicted", "true"))
    return f"{row['slice']} · {true}: {first.lower()} / {second.lower()}"
