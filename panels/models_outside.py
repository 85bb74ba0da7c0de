"""How bundles do on slices from elsewhere, beside how they do on unseen patients of the data set."""

import pandas as pd
import streamlit as st

from core.bundles import Bundle
from core.classes import CLASSES
from core.external import DEV
from core.published import by_patient
from panels.theme import CLASS_TITLES, percent

_NONE = "–"


def outside(found: list[Bundle]) -> None:
    """A row for each bundle that was asked about slices from elsewhere; nothing where there is none.

    Args:
        found: the bundles to look among.
    """
    asked = [bundle for bundle in found if DEV in bundle.card.get("metrics", {}).get("external", {})]
    if not asked:
        return
    st.subheader("Inside and outside the data set", anchor=False)
    measured = {bundle.name: bundle.card["metrics"]["external"][DEV] for bundle in asked}
    slices = next(iter(measured.values()))["slices"]
    st.dataframe(
        pd.DataFrame([_row(bundle, measured[bundle.name]) for bundle in asked]),
        hide_index=True,
        column_config={"Network": st.column_config.TextColumn(pinned=True)},
        placeholder=_NONE,
        alt="Networks on unseen patients of the data set and on slices from elsewhere",
    )
    words = ", ".join(f"{slices.get(name, 0)} {CLASS_TITLES[name].lower()}" for name in CLASSES)
    st.caption(
        f"Elsewhere: {words} slices of the collection “Brain Tumor Classification (MRI)” by Sartaj Bhuvaji et al., "
        "from other scanners and in other frames, with labels known to be noisy. A network on *whole* slices can go by "
        "how the head fills the frame (see Data), which elsewhere is another; one on the *head* much less."
    )


def _row(bundle: Bundle, found: dict) -> dict[str, str]:
    inside = next(iter(by_patient([bundle])), None)
    matrix = found.get("confusion_matrix")
    row = {
        "Network": bundle.name,
        "Is given": "the head" if bundle.card["input"]["preprocessing"] == "head" else "whole slices",
        "Right inside, by patient": percent(inside.accuracy[0]) if inside and inside.accuracy else _NONE,
        "Right elsewhere": percent(found["class_accuracy"]) if "class_accuracy" in found else _NONE,
    }
    for name in CLASSES:
        if matrix:
            true = matrix[CLASSES.index(name)]
            row[f"{CLASS_TITLES[name].split()[0]} right"] = f"{true[CLASSES.index(name)]} of {sum(true)}"
    if matrix:
        row["Meningioma called pituitary"] = str(matrix[CLASSES.index("meningioma")][CLASSES.index("pituitary")])
    row["Outlined elsewhere"] = percent(found["outlined"]) if "outlined" in found else _NONE
    return row
