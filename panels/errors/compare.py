"""The Errors page's fourth view: two bundles on slices neither has trained on, and where they disagree."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle, open_bundle
from core.bundles.predictions import disagreements, order_predictions, select_predictions
from panels.shared import gallery
from panels.shared.cache import cached_predictions, evaluated_bundle_names
from panels.shared.theme import CLASS_TITLES, percent

EITHER, FIRST, SECOND, NEITHER = "All", "first", "second", "neither"


def compare(bundle: Bundle) -> None:
    """Draw the view."""
    others = [name for name in evaluated_bundle_names("classification") if name != bundle.name]
    if not others:
        st.info("There is only one classifier here; train another to compare.", icon=":material/info:")
        return
    other = open_bundle(st.selectbox("Compare with", others, key="other", bind="query-params"))
    first, second = (select_predictions(cached_predictions(one), part="test") for one in (bundle, other))
    both = first.merge(second[["slice", "right"]], on="slice", suffixes=("", "_other"))
    if both.empty:
        st.info(f"No slice is in the test part of both {bundle.name} and {other.name}.", icon=":material/join_inner:")
        return
    st.markdown(
        f"**{len(both)} slices** are in the test part of both: neither network has trained on them. On these, "
        f"`{bundle.name}` is right on **{percent(float(both['right'].mean()))}** and `{other.name}` on "
        f"**{percent(float(both['right_other'].mean()))}**."
    )
    apart = disagreements(first, second)
    who = {
        FIRST: f"{bundle.name} is right",
        SECOND: f"{other.name} is right",
        NEITHER: "Neither is right",
    }
    apart = apart.assign(who=[_who(row) for row in apart.itertuples()])
    counts = apart["who"].value_counts()
    with st.container(horizontal=True, gap="medium"):
        st.metric("They disagree on", f"{len(apart)} slices", width="content")
        for key, title in who.items():
            st.metric(title, int(counts.get(key, 0)), width="content")
    shown = st.segmented_control(
        "Show",
        [EITHER, *who],
        default=EITHER,
        required=True,
        format_func=lambda key: who.get(key, key),
        key="who",
        bind="query-params",
    )
    chosen = order_predictions(apart if shown == EITHER else apart[apart["who"] == shown], "surest first")
    st.download_button(
        "CSV of these slices",
        lambda: chosen.to_csv(index=False).encode(),
        f"{bundle.name}-against-{other.name}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    if chosen.empty:
        st.info("No such slice.", icon=":material/filter_alt_off:")
    else:
        st.caption(f"Below a slice: its true class, then what {bundle.name} says / what {other.name} says.")
        gallery.draw_gallery(chosen, caption=_words, key="page")


def _who(row: object) -> str:
    if row.right:  # type: ignore[attr-defined]
        return FIRST
    return SECOND if row.other_right else NEITHER  # type: ignore[attr-defined]


def _words(row: pd.Series) -> str:
    first, second, true = (CLASS_TITLES[row[name]].split()[0] for name in ("predicted", "other_predicted", "true"))
    return f"{row['slice']} · {true}: {first.lower()} / {second.lower()}"
