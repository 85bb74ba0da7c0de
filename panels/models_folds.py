"""A bundle's recipe on several official folds: a row a figure, a column a fold."""

from typing import Any

import pandas as pd
import streamlit as st

from core.bundles import Bundle
from core.classes import CLASSES
from panels.theme import CLASS_TITLES, percent

_SHARES = {
    "accuracy": "Slices named rightly",
    "macro_f1": "Macro F1",
    **{f"recall_{name}": f"{CLASS_TITLES[name]} slices found" for name in CLASSES},
    "patient_accuracy": "Patients named rightly",
}
_OVERLAPS = {
    "dice_mean": "Mean Dice",
    "dice_median": "Median Dice",
    "dice_pooled": "Pooled Dice",
    "iou_mean": "Mean IoU",
    "missed": "Tumours missed altogether",
}
_AS_PERCENT = {*_SHARES, "missed"} - {"macro_f1"}


def folds(bundle: Bundle) -> None:
    """Draw the table where the card has one; nothing where it has none."""
    found = bundle.card.get("metrics", {}).get("cross_validation")
    if not found:
        return
    st.markdown(f"**On {len(found['folds_done'])} of the five official folds**, each held out of one training")
    st.dataframe(
        pd.DataFrame([_row(name, title, found) for name, title in {**_SHARES, **_OVERLAPS}.items() if name in found]),
        hide_index=True,
        column_config={"": st.column_config.TextColumn(pinned=True)},
        alt=f"Figures of {bundle.name} by fold",
    )
    alone = found["without_letter_twins"]
    said = [
        f"{title.lower()} {_text(name, alone[name]['mean'])}"
        for name, title in (("accuracy", _SHARES["accuracy"]), ("dice_mean", _OVERLAPS["dice_mean"]))
        if name in alone
    ]
    st.caption(
        "± is the standard deviation over folds. Some patient ids differ only by a final letter and stand in different "
        f"folds; without their slices ({sum(found['slices']) - sum(alone['slices'])} of {sum(found['slices'])}): "
        f"{', '.join(said)}."
    )


def _row(name: str, title: str, found: dict[str, Any]) -> dict[str, str]:
    one = found[name]
    spread = "" if one["std"] is None else f" ± {_text(name, one['std'])}"
    values = {f"Fold {fold}": _text(name, value) for fold, value in zip(found["folds_done"], one["folds"], strict=True)}
    return {"": title, "Mean": f"{_text(name, one['mean'])}{spread}", **values}


def _text(name: str, value: float) -> str:
    return percent(value) if name in _AS_PERCENT else f"{value:.3f}"
