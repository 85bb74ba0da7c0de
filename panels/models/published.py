"""Published figures by patient, with ours on top."""

import pandas as pd
import streamlit as st

from core.evaluation.literature import PUBLISHED_RESULTS, PatientLevelResult
from core.text import join_words
from panels.shared.theme import percent

_NONE = "–"
_FOLDS = {True: "the official five", False: "others", None: "not known here"}


def published(ours: list[PatientLevelResult]) -> None:
    """A table: our bundles that were tested by patient, then what others report.

    Args:
        ours: of ``core.evaluation.literature.patient_level_results``.
    """
    own = [
        {
            "Source": one.name,
            "Accuracy": _with_spread(one.accuracy, is_share=True),
            "Mean Dice": _with_spread(one.dice, is_share=False),
            "Folds": f"{one.folds} of the official five",
            "Given": "the slice",
            "Network": "ours",
        }
        for one in ours
    ]
    others = [
        {
            "Source": one.authors,
            "Accuracy": _with_spread((one.accuracy, None) if one.accuracy is not None else None, is_share=True),
            "Mean Dice": _with_spread((one.dice, None) if one.dice is not None else None, is_share=False),
            "Folds": _FOLDS[one.official_folds],
            "Given": one.given,
            "Network": one.method,
        }
        for one in PUBLISHED_RESULTS
    ]
    st.dataframe(
        pd.DataFrame([*own, *others]),
        hide_index=True,
        column_config={
            "Source": st.column_config.TextColumn(pinned=True),
            "Given": st.column_config.TextColumn(width=220),
        },
        alt="Figures by patient: ours, then published ones",
    )
    sure = ", ".join(dict.fromkeys(one.authors for one in PUBLISHED_RESULTS if one.official_folds))
    said = "".join(f" {one.authors}: {one.said_of_split}." for one in PUBLISHED_RESULTS if one.said_of_split)
    open_ = join_words(one.authors for one in PUBLISHED_RESULTS if one.official_folds is None and not one.said_of_split)
    st.caption(
        "All by patient, but by different protocols, so they compare only roughly. ± is the standard deviation over "
        f"folds. Of the others only {sure} is confirmed to have used these very folds.{said} What {open_} say of "
        "theirs is not known here. Papers: "
        + "; ".join(f"{one.authors}, [{one.title}](https://doi.org/{one.doi})" for one in PUBLISHED_RESULTS if one.doi)
        + "."
    )


def _with_spread(value: tuple[float, float | None] | None, *, is_share: bool) -> str:
    """ "94.9 % ± 1.2" or "0.757 ± 0.011"."""
    if value is None:
        return _NONE
    mean, std = value
    if is_share:
        return percent(mean) + ("" if std is None else f" ± {std * 100:.1f}")
    return f"{mean:.3f}" + ("" if std is None else f" ± {std:.3f}")
