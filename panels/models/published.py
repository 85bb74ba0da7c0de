"""Published results under patient-level splits, below ours."""

import pandas as pd
import streamlit as st

from core.evaluation.comparison.literature import PUBLISHED_RESULTS, PatientLevelResult
from core.text import join_words
from core.translation.messages import mark, tr
from panels.models.record_table import draw_records
from panels.shared.labels import mean_text
from panels.shared.model_choice import choice_title

_FOLDS_USED = {True: mark("the official five"), False: mark("others"), None: mark("not known")}


def draw_published_results(ours: list[PatientLevelResult]) -> None:
    """Draw a table of our bundles on patient-level splits, then of published results.

    Args:
        ours: of ``core.evaluation.comparison.literature.patient_level_results``.
    """
    own_rows = [
        {
            mark("Source"): choice_title(result.name),
            mark("Accuracy"): mean_text("accuracy", *(result.accuracy or (None, None))),
            mark("Mean Dice"): mean_text("dice_mean", *(result.dice or (None, None))),
            mark("Folds"): tr("{folds} of the official five", folds=result.folds),
            mark("Input"): tr("the slice"),
            mark("Network"): tr("ours"),
        }
        for result in ours
    ]
    published_rows = [
        {
            mark("Source"): tr(result.authors),
            mark("Accuracy"): mean_text("accuracy", result.accuracy),
            mark("Mean Dice"): mean_text("dice_mean", result.dice),
            mark("Folds"): tr(_FOLDS_USED[result.official_folds]),
            mark("Input"): tr(result.model_input),
            mark("Network"): tr(result.method),
        }
        for result in PUBLISHED_RESULTS
    ]
    draw_records(
        pd.DataFrame([*own_rows, *published_rows]), alt=tr("Results on patient-level splits: ours, then published ones")
    )
    st.caption(_caption())


def _caption() -> str:
    """Write how far the results compare, and the papers."""
    confirmed = ", ".join(dict.fromkeys(tr(result.authors) for result in PUBLISHED_RESULTS if result.official_folds))
    quotes = [f"{tr(result.authors)}: {tr(result.split_quote)}." for result in PUBLISHED_RESULTS if result.split_quote]
    unknown = join_words(
        tr(result.authors) for result in PUBLISHED_RESULTS if result.official_folds is None and not result.split_quote
    )
    papers = "; ".join(
        f"{result.authors}, [{result.title}](https://doi.org/{result.doi})"
        for result in PUBLISHED_RESULTS
        if result.doi
    )
    return " ".join(
        [
            tr(
                "All splits are patient-level, but the protocols differ, so the results compare only roughly. ± is the "
                "standard deviation over folds. Of the published results only {confirmed} is confirmed to use these "
                "very folds.",
                confirmed=confirmed,
            ),
            *quotes,
            tr("What {unknown} say about their splits is not known to us.", unknown=unknown),
            tr("Our mean Dice is over slices; whether the published ones are over slices or classes is not known."),
            tr("Papers: {papers}.", papers=papers),
        ]
    )
