"""Bundles' recipes on several official folds: a table a bundle, a row a figure, a column a fold."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.config import CLASSES
from core.dataset.splits import FOLD_SPLITS
from panels.shared.theme import CLASS_TITLES, percent

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
    "iou_median": "Median IoU",
    "iou_pooled": "Pooled IoU",
    "missed": "Tumours missed altogether",
}
_AS_PERCENT = {*_SHARES, "missed"} - {"macro_f1"}


def folds(found: Sequence[Bundle]) -> None:
    """Draw a table for each bundle whose card has one; nothing where none has.

    Args:
        found: the bundles to look among.
    """
    across = {bundle.name: bundle.card.get("metrics", {}).get("cross_validation") for bundle in found}
    shown = {name: one for name, one in across.items() if one}
    if not shown:
        return
    st.subheader("Fold by fold, by patient", anchor=False)
    for name, one in shown.items():
        _table(name, one)
    st.caption(
        "Each fold is held out of one training of the same recipe, and no patient id is in two folds. ± is the "
        "standard deviation over folds."
    )


def _table(name: str, found: dict[str, Any]) -> None:
    done, of = len(found["folds_done"]), len(FOLD_SPLITS)
    st.markdown(f"**{name}** on {'all' if done == of else f'{done} of the'} {of} official folds")
    st.dataframe(
        pd.DataFrame([_row(key, title, found) for key, title in {**_SHARES, **_OVERLAPS}.items() if key in found]),
        height="content",  # every figure, without scrolling inside the page
        hide_index=True,
        column_config={"": st.column_config.TextColumn(pinned=True)},
        alt=f"Figures of {name} by fold",
    )
    alone = found["without_letter_twins"]
    said = [
        f"{title.lower()} {_mean(key, alone[key])}"
        for key, title in (("accuracy", _SHARES["accuracy"]), ("dice_mean", _OVERLAPS["dice_mean"]))
        if key in alone
    ]
    st.caption(
        "Some patient ids differ only by a final letter and stand in different folds; without their slices "
        f"({sum(found['slices']) - sum(alone['slices'])} of {sum(found['slices'])}): {', '.join(said)}."
    )


def _row(name: str, title: str, found: dict[str, Any]) -> dict[str, str]:
    one = found[name]
    values = {f"Fold {fold}": _text(name, value) for fold, value in zip(found["folds_done"], one["folds"], strict=True)}
    return {"": title, "Mean": _mean(name, one), **values}


def _mean(name: str, one: dict[str, Any]) -> str:
    spread = "" if one["std"] is None else f" ± {_text(name, one['std'])}"
    return f"{_text(name, one['mean'])}{spread}"


def _text(name: str, value: float) -> str:
    return percent(value) if name in _AS_PERCENT else f"{value:.3f}"
