"""The settings of trials: lines through parallel axes, and a table."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.results import SearchResults
from core.text import lower_first
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.tuning.words import SAMPLER_TITLES, SETTING_TITLES, setting_text, value_text, value_title

_TICKS = 3


def parallel(found: SearchResults, trials: pd.DataFrame, *, key: str) -> None:
    """A line a trial through an axis a setting, coloured by value.

    Args:
        found: what a search found.
        trials: those of its rows to draw; a grid's, which lack settings, are left out.
        key: tells the chart from others on the page.
    """
    rows = trials.dropna(subset=found.settings)
    left_out = len(trials) - len(rows)
    if rows.empty:
        st.info("A grid names fewer settings than these axes; its trials stand in the table.", icon=":material/tune:")
        return
    dimensions = [_axis(found, name, rows) for name in found.settings]
    value = rows["value"]
    dimensions.append({"label": "Value", "values": value, "tickvals": (ends := _ends(value)),
                       "ticktext": [value_text(found.plan, one) for one in ends]})  # fmt: skip
    # From the median up, so that the good ones stand out among the many.
    low, high = float(found.trials["value"].median()), float(found.trials["value"].max())
    colour = text_colour()
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={
                "color": value,
                "cmin": low,
                "cmax": high if high > low else low + 1e-6,
                "colorscale": [[0, theme_colour("borderColor")], [1, theme_colour("primaryColor")]],
            },
            labelfont={"size": 13, "color": colour},
            # Side by side they would run into each other on a telephone.
            labelangle=-30,
            tickfont={"size": 12, "color": colour, "shadow": "none"},
            rangefont={"size": 1, "color": theme_colour("backgroundColor")},
            unselected={"line": {"opacity": 0.05}},
        )
    )
    style_figure(figure, height=370)
    figure.update_layout(margin={"l": 40, "r": 48, "t": 72, "b": 16})
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=f"Settings of {len(rows)} trials as lines")
    st.caption(
        f"A line a trial, the stronger the better its {lower_first(value_title(found.plan))}. Drag along an "
        "axis to keep only the lines that pass there; click the axis to let them go."
        + (f" {left_out} of a grid, which names fewer settings, are only in the table." if left_out else "")
    )


def _ends(values: pd.Series) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _axis(found: SearchResults, name: str, rows: pd.DataFrame) -> dict:
    """An axis over the whole of what the plan allows; a choice's values at equal steps."""
    space, values = found.plan.space[name], rows[name].astype(float)
    title = SETTING_TITLES[name]
    if isinstance(space, list):
        places = values.map({float(value): place for place, value in enumerate(space)})
        return {
            "label": title,
            "values": places,
            "range": [0, len(space) - 1],
            "tickvals": list(range(len(space))),
            "ticktext": [setting_text(name, value) for value in space],
        }
    ends = np.array([space["low"], space["high"]], float)
    ticks = np.geomspace(*ends, _TICKS) if space.get("log") else np.linspace(*ends, _TICKS)
    scale = np.log10 if space.get("log") else np.asarray
    return {
        "label": title,
        "values": scale(values.to_numpy()),
        "range": scale(ends).tolist(),
        "tickvals": scale(ticks).tolist(),
        "ticktext": [f"{value:.2g}" for value in ticks],
    }


def table(found: SearchResults, trials: pd.DataFrame, *, key: str) -> None:
    """The trials as a table, best first, with a download.

    Args:
        found: what a search found.
        trials: those of its rows to show.
        key: tells the button from others on the page.
    """
    shown = trials.sort_values("value", ascending=False, kind="stable")
    st.dataframe(
        pd.DataFrame(
            {
                "Value": [value_text(found.plan, value) for value in shown["value"]],
                "Sampler": shown["sampler"].map(SAMPLER_TITLES),
                "Trial": shown["trial"],
                "Generation": shown["generation"],
                "Ended": shown["state"],
                **{SETTING_TITLES[name]: shown[name] for name in found.settings},
                "Epochs run": shown["epochs_run"],
                "Seconds": shown["seconds"].round(),
            }
        ),
        hide_index=True,
        height=320,
        column_config={"Value": st.column_config.TextColumn(pinned=True)},
        placeholder="–",
        alt=f"{len(shown)} trials, best first",
    )
    st.download_button(
        "CSV of these trials",
        lambda: shown.to_csv(index=False).encode(),
        f"{found.plan.name}-trials.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=key,
    )
