"""The Errors page's fourth view: two classifiers on slices that neither has trained on, and where they disagree."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.predictions import disagreements, order_predictions, select_predictions
from core.config import CLASSIFICATION
from core.evaluation.figures import accuracy_of
from core.labels import CLASS_LABELS
from core.translation.messages import mark, tr
from panels.shared.cache import cached_predictions
from panels.shared.controls import csv_button
from panels.shared.labels import bundle_title
from panels.shared.link.address import bound
from panels.shared.model_choice import choose_bundle, listed_bundles
from panels.shared.slices import gallery
from panels.shared.theme import percent

ALL, FIRST, SECOND, NEITHER = mark("All"), "first", "second", "neither"


def draw_comparison(bundle: Bundle) -> None:
    """Draw the view."""
    other_names = [name for name in listed_bundles().evaluated(CLASSIFICATION) if name != bundle.name]
    if not other_names:
        st.info(tr("There is only one classifier; train another to compare."), icon=":material/info:")
        return
    other = listed_bundles().find(choose_bundle(tr("Compare with"), other_names, key="other"))
    names = bundle_title(bundle), bundle_title(other)
    first, second = (select_predictions(cached_predictions(each), part="test") for each in (bundle, other))
    shared = first["slice"][first["slice"].isin(second["slice"])]
    if shared.empty:
        st.info(
            tr("No slice is in the test part of both {first} and {second}.", first=names[0], second=names[1]),
            icon=":material/join_inner:",
        )
        return
    own, others = (percent(accuracy_of(table[table["slice"].isin(shared)])) for table in (first, second))
    st.markdown(
        tr(
            "**{count} slices** are in the test part of both: neither network has trained on them. Accuracy "
            "on these: {first} **{first_accuracy}**, {second} **{second_accuracy}**.",
            count=len(shared),
            first=names[0],
            first_accuracy=own,
            second=names[1],
            second_accuracy=others,
        )
    )
    table = disagreements(first, second)
    table = table.assign(who=[_who_is_right(row) for row in table.itertuples()])
    titles = {
        FIRST: tr("{network} is right", network=names[0]),
        SECOND: tr("{network} is right", network=names[1]),
        NEITHER: tr("Neither is right"),
    }
    chosen = order_predictions(_choose_disagreements(table, titles), "surest first")
    csv_button(chosen, tr("CSV of these slices"), f"{bundle.name}-against-{other.name}.csv")
    if chosen.empty:
        st.info(tr("No such slice."), icon=":material/filter_alt_off:")
    else:
        st.caption(
            tr(
                "Below a slice: its true class, then the predictions of {first} / {second}.",
                first=names[0],
                second=names[1],
            )
        )
        gallery.draw_gallery(chosen, caption=_tile_label, key="page")


def _choose_disagreements(table: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """Count the disagreements by who is right, and let the reader choose some of them."""
    counts = table["who"].value_counts()
    with st.container(horizontal=True, gap="medium"):
        st.metric(tr("They disagree on"), tr("{count} slices", count=len(table)), width="content")
        for who, title in titles.items():
            st.metric(title, int(counts.get(who, 0)), width="content")
    chosen = bound(
        st.segmented_control,
        tr("Show"),
        [ALL, *titles],
        default=ALL,
        required=True,
        format_func=lambda who: titles.get(who) or tr(who),
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
