"""How bundles do on slices from elsewhere, beside how they do on unseen patients of the data set."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.config import CLASSES
from core.dataset.splits import FOLD_SPLITS
from core.evaluation.external import DEV
from panels.shared.theme import CLASS_TITLES, percent

_NONE = "–"
_FIVE = "Right inside, five folds"
_WITH_SHORTCUT, _WITHOUT = "unified-unet-plain", "unified-unet"
"""The same network before and after the frame's shortcut was closed."""
_MENINGIOMA, _PITUITARY = CLASSES.index("meningioma"), CLASSES.index("pituitary")


def outside(found: Sequence[Bundle]) -> None:
    """A row for each bundle that was asked about slices from elsewhere; nothing where there is none.

    Args:
        found: the bundles to look among.
    """
    asked = {bundle.name: bundle for bundle in found if _elsewhere(bundle)}
    if not asked:
        return
    st.subheader("Inside and outside the data set", anchor=False)
    held_out = sorted({bundle.card["data"]["split"] for bundle in asked.values() if _inside(bundle)})
    st.dataframe(
        pd.DataFrame([_row(bundle, held_out) for bundle in asked.values()]),
        hide_index=True,
        column_config={"Network": st.column_config.TextColumn(pinned=True)},
        placeholder=_NONE,
        alt=f"Networks on unseen patients of the data set and on slices from elsewhere, split {DEV}",
    )
    closed = _closing(asked.get(_WITH_SHORTCUT), asked.get(_WITHOUT))
    if closed:
        st.markdown(closed)
    slices = _elsewhere(next(iter(asked.values())))["slices"]
    words = ", ".join(f"{slices.get(name, 0)} {CLASS_TITLES[name].lower()}" for name in CLASSES)
    st.caption(
        f"Elsewhere, always the split {DEV}, each slice given a class, without a screen: {words} slices of the "
        "collection “Brain Tumor Classification (MRI)” by Sartaj Bhuvaji et al., from other scanners and in other "
        "frames, with labels known to be noisy; what is answered behind the screen, and on the split test, is on the "
        "page Strangers. Inside: slices of patients not trained on, first of the fold that the network shown was "
        f"tested on, then as the mean ± the standard deviation over {len(FOLD_SPLITS)} folds, each held out of one "
        "training. "
        "A network on *whole* slices can go by how the head fills the frame (see Data), which elsewhere is another; "
        "one on the *head* much less."
    )


def _elsewhere(bundle: Bundle) -> dict[str, Any]:
    """Figures on slices from elsewhere, or empty."""
    return dict(bundle.card.get("metrics", {}).get("external", {}).get(DEV, {}))


def _inside(bundle: Bundle) -> bool:
    """Whether its own test part tells how it names slices of patients not trained on."""
    return bool(bundle.card["data"]["by_patient"] and "accuracy" in bundle.test_metrics)


def _row(bundle: Bundle, held_out: Sequence[str]) -> dict[str, str]:
    found = _elsewhere(bundle)
    matrix = found.get("confusion_matrix")
    row = {
        "Network": bundle.name,
        "Is given": "the head" if bundle.card["input"]["preprocessing"] == "head" else "whole slices",
    }
    for split in held_out:
        own = _inside(bundle) and bundle.card["data"]["split"] == split
        row[f"Right inside, {split.replace('-', ' ')}"] = percent(bundle.test_metrics["accuracy"]) if own else _NONE
    row[_FIVE] = _over_folds(bundle)
    row["Right elsewhere"] = _share(found, "class_accuracy")
    for name in CLASSES:
        if matrix:
            true = matrix[CLASSES.index(name)]
            row[f"{CLASS_TITLES[name].split()[0]} right"] = f"{true[CLASSES.index(name)]} of {sum(true)}"
    if matrix:
        row["Meningioma called pituitary"] = str(matrix[_MENINGIOMA][_PITUITARY])
    row["Outlined elsewhere"] = _share(found, "outlined")
    row["By its mask"] = _share(found, "mask_class_accuracy")
    return row


def _share(found: dict[str, Any], name: str) -> str:
    return percent(found[name]) if name in found else _NONE


def _over_folds(bundle: Bundle) -> str:
    """ "94.9 % ± 1.2", with the number of folds where not all are done yet."""
    across = bundle.card.get("metrics", {}).get("cross_validation", {})
    done = len(across.get("folds_done", ()))
    if "accuracy" not in across or done < 2:
        return _NONE
    said = f"{percent(across['accuracy']['mean'])} ± {across['accuracy']['std'] * 100:.1f}"
    return said if done == len(FOLD_SPLITS) else f"{said} ({done} folds)"


def _closing(before: Bundle | None, after: Bundle | None) -> str | None:
    """What closing the frame's shortcut changed, in a sentence; None where the two cannot be compared."""
    if not before or not after or not _inside(before) or not _inside(after):
        return None
    first, second = _elsewhere(before), _elsewhere(after)
    split = after.card["data"]["split"]
    if before.card["data"]["split"] != split or not all("confusion_matrix" in one for one in (first, second)):
        return None
    rows = [one["confusion_matrix"][_MENINGIOMA] for one in (first, second)]
    if sum(rows[0]) != sum(rows[1]):
        return None
    inside = [percent(bundle.test_metrics["accuracy"]) for bundle in (before, after)]
    return (
        f"**Closing the frame's shortcut**, from {before.name} to {after.name}, took the share of slices named rightly "
        f"inside ({split.replace('-', ' ')}) from {inside[0]} to {inside[1]} and elsewhere from "
        f"{percent(first['class_accuracy'])} to {percent(second['class_accuracy'])}; of {sum(rows[0])} meningiomas "
        f"elsewhere {rows[0][_MENINGIOMA]} and then {rows[1][_MENINGIOMA]} were named rightly, and "
        f"{rows[0][_PITUITARY]} and then {rows[1][_PITUITARY]} called pituitary."
    )
