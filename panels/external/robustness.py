"""What usual changes of a slice do to a bundle's predictions, as a table."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.labels import CHANGE_TITLES, METRIC_TITLES, SHARE_METRICS
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.shared.theme import figure_columns, percent


def draw_robustness(bundle: Bundle) -> None:
    """Draw the figures of unaltered and of changed test slices; nothing where they are not measured."""
    robustness = bundle.card.metrics.robustness
    if robustness is None:
        return
    st.header(tr("Changed slices"), anchor=False)
    rows = [
        {tr("Change"): CHANGE_TITLES[change]}
        | {METRIC_TITLES[name]: _figure(name, value) for name, value in figures.as_dict().items()}
        for change, figures in robustness.by_change.items()
    ]
    table = pd.DataFrame(rows)
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config=figure_columns(table.columns[1:]),
        alt="; ".join(", ".join(row.values()) for row in rows),
    )
    made = {name: text for name, text in robustness.definitions.items() if name in robustness.changes}
    st.caption(
        tr("{slices} internal test slices, drawn at random, without the gate.", slices=robustness.slices),
        help="\n".join(f"- {CHANGE_TITLES[name]}: {tr(text)}" for name, text in made.items()),
    )


def _figure(name: str, value: float) -> str:
    return percent(value) if name in SHARE_METRICS else number_text(value, ".3f")
