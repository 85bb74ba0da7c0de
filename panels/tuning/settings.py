"""The settings of trials as a table."""

import pandas as pd
import streamlit as st

from core.search.results import SearchResults
from core.translation.messages import tr
from panels.shared.controls import csv_button
from panels.tuning.help import SAMPLER_LABELS, SETTING_TITLES, value_text


def show_trials_table(results: SearchResults, trials: pd.DataFrame, *, key: str) -> None:
    """Show trials as a table, best first, with a download.

    Args:
        results: of a search.
        trials: the rows to show.
        key: tells the button from others on the page.
    """
    rows = trials.sort_values("value", ascending=False, kind="stable")
    st.dataframe(
        pd.DataFrame(
            {
                tr("Value"): [value_text(results.plan, value) for value in rows["value"]],
                tr("Sampler"): [SAMPLER_LABELS[name].title for name in rows["sampler"]],
                tr("Trial"): rows["trial"],
                tr("Generation"): rows["generation"],
                tr("Ended"): rows["state"].map(tr),
                **{SETTING_TITLES[name]: rows[name] for name in results.settings},
                tr("Epochs run"): rows["epochs_run"],
                tr("Minutes"): (rows["seconds"] / 60).round(1),
            }
        ),
        hide_index=True,
        height=320,
        column_config={tr("Value"): st.column_config.TextColumn(pinned=True)},
        placeholder="–",
        alt=tr("{count} trials, best first", count=len(rows)),
    )
    csv_button(rows, tr("CSV of these trials"), f"{results.plan.name}-trials.csv", key=key)
