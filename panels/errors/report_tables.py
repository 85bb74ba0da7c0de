"""The Errors page's second view: the report's Tables 3 and 4 beside ours."""

import pandas as pd
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle, open_bundle
from panels.errors.matrix_view import words
from panels.shared import gallery
from panels.shared.cache import cached_predictions, evaluated_bundle_names, load_slices
from panels.shared.theme import CLASS_TITLES, percent

_PARTS = {"train": "trained on it", "validation": "validation", "test": "test"}


def reports_tables(bundle: Bundle) -> None:
    """Draw the view."""
    found = bundle.test_metrics
    st.subheader("Table 4: precision, recall and F1", anchor=False)
    st.dataframe(
        _table_4(bundle),
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(format="%.2f") for name in _NUMBERS},
        alt=f"The report's Table 4 beside the figures of {bundle.name}",
    )
    kind = "by patient" if bundle.card["data"]["by_patient"] else "by slice"
    st.caption(
        f"Report: {course_report.CNN_TEST_SLICES} slices, {course_report.CNN_TEST_WRONG} wrong, early stopping "
        "watching the test "
        f"slices. `{bundle.name}`: {found['slices']} test slices, split {kind}, "
        f"{sum(map(sum, found['confusion_matrix'])) - _hits(found)} wrong, none of them looked at in training."
    )
    st.subheader("Table 3: gliomas the report's network calls meningiomas", anchor=False)
    st.markdown(
        "The report shows five slices. Here is what each of our networks says of the slices with these numbers, and "
        "whether it had trained on them: where it had, a right answer proves nothing."
    )
    st.dataframe(_table_3(), hide_index=True, alt="What each network says of the five slices of the report's Table 3")
    st.caption("The report's row numbers are taken to be the data set's slice numbers; all five are gliomas there too.")
    rows = cached_predictions(bundle).set_index("slice", drop=False).loc[[one.slice for one in course_report.TABLE_3]]
    slices = load_slices(rows["slice"].tolist())
    if len(slices) < len(rows):
        gallery.offer_fetching(key="table_3")
    gallery.draw_tiles(rows, slices, caption=words, key="table_3")


_MEASURES = {"Precision": "precision", "Recall": "recall", "F1": "f1"}
_NUMBERS = [f"{name}, {whose}" for name in _MEASURES for whose in ("report", "ours")]


def _hits(found: dict[str, list[list[int]]]) -> int:
    return sum(row[i] for i, row in enumerate(found["confusion_matrix"]))


def _table_4(bundle: Bundle) -> pd.DataFrame:
    ours = bundle.test_metrics["per_class"]
    rows = []
    for name, theirs in course_report.TABLE_4.items():
        row: dict[str, object] = {"Class": CLASS_TITLES[name]}
        for title, measure in _MEASURES.items():
            row |= {f"{title}, report": getattr(theirs, measure), f"{title}, ours": ours[name][measure]}
        rows.append(row | {"Slices, report": theirs.support, "Slices, ours": ours[name]["support"]})
    table = pd.DataFrame(rows)
    mean: dict[str, object] = {"Class": "Mean of the three"}
    for (title, measure), theirs_mean in zip(_MEASURES.items(), course_report.TABLE_4_MACRO, strict=True):
        mean |= {
            f"{title}, report": theirs_mean,
            f"{title}, ours": sum(one[measure] for one in ours.values()) / len(ours),
        }
    slices = {f"Slices, {whose}": int(table[f"Slices, {whose}"].sum()) for whose in ("report", "ours")}
    return pd.concat([table, pd.DataFrame([mean | slices])], ignore_index=True)


def _table_3() -> pd.DataFrame:
    rows = []
    tables = {
        name: cached_predictions(open_bundle(name)).set_index("slice")
        for name in evaluated_bundle_names("classification")
    }
    for one in course_report.TABLE_3:
        row = {"Slice": str(one.slice), "Report": f"✗ Meningioma {percent(one.confidence)}"}
        for name, table in tables.items():
            said = table.loc[one.slice]
            mark, name_said = "✓" if said["right"] else "✗", CLASS_TITLES[said["predicted"]].split()[0]
            row[name] = f"{mark} {name_said} {percent(said['confidence'])} ({_PARTS[said['part']]})"
        rows.append(row)
    return pd.DataFrame(rows)
