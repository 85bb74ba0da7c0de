"""The settings of trials: lines through parallel axes, and a table."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.plan import Range
from core.search.results import SearchResults
from core.text import lower_first
from panels.shared.controls import csv_button
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, theme_colour
from panels.tuning.help import SAMPLER_LABELS, SETTING_TITLES, setting_text, value_text, value_title

_TICKS = 3


def show_parallel_axes(results: SearchResults, trials: pd.DataFrame, *, key: str) -> None:
    """Draw each trial as a line through one axis a setting, coloured by value.

    Args:
        results: of a search.
        trials: the rows to draw; those of a grid, which lack settings, are left out.
        key: tells the chart from others on the page.
    """
    rows = trials.dropna(subset=results.settings)
    left_out = len(trials) - len(rows)
    if rows.empty:
        st.info(
            "A grid names fewer settings than these axes; its trials are in the table only.", icon=":material/tune:"
        )
        return
    dimensions = [_axis(results, name, rows) for name in results.settings]
    value = rows["value"]
    ends = float(value.min()), float(value.max())
    ticks = [value_text(results.plan, end) for end in ends]
    dimensions.append({"label": "Value", "values": value, "tickvals": ends, "ticktext": ticks})
    # Colours begin at the median, so that good trials stand out.
    colours = float(results.trials["value"].median()), float(results.trials["value"].max())
    figure = _axes_figure(dimensions, value, colours)
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=f"Settings of {len(rows)} trials as lines")
    st.caption(
        f"One line a trial; the stronger its colour, the better its {lower_first(value_title(results.plan))}. Drag "
        "along an axis to keep only the lines that pass there; click the axis to show all again."
        + (f" {left_out} of a grid, which names fewer settings, are only in the table." if left_out else "")
    )


@kept_figure
def _axes_figure(dimensions: list[dict], value: pd.Series, value_range: tuple[float, float]) -> go.Figure:
    """Return lines through axes; colours run over ``value_range``."""
    low, high = value_range
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
            # Level labels would overlap on a telephone.
            labelangle=-30,
            tickfont={"size": 12, "color": colour, "shadow": "none"},
            rangefont={"size": 1, "color": theme_colour("backgroundColor")},
            unselected={"line": {"opacity": 0.05}},
        )
    )
    style_figure(figure, height=370)
    figure.update_layout(margin={"l": 40, "r": 48, "t": 72, "b": 16})
    return figure


def _axis(results: SearchResults, name: str, rows: pd.DataFrame) -> dict:
    """Return an axis over the plan's whole range; the values of a choice stand at equal steps."""
    space, values = results.plan.space[name], rows[name].astype(float)
    title = SETTING_TITLES[name]
    if not isinstance(space, Range):
        places = values.map({float(value): place for place, value in enumerate(space)})
        return {
            "label": title,
            "values": places,
            "range": [0, len(space) - 1],
            "tickvals": list(range(len(space))),
            "ticktext": [setting_text(name, value) for value in space],
        }
    low, high = float(space.low), float(space.high)
    ticks = np.geomspace(low, high, _TICKS) if space.log else np.linspace(low, high, _TICKS)
    scale = np.log10 if space.log else np.asarray
    return {
        "label": title,
        "values": scale(values.to_numpy()),
        "range": scale([low, high]).tolist(),
        "tickvals": scale(ticks).tolist(),
        "ticktext": [f"{value:.2g}" for value in ticks],
    }


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
                "Value": [value_text(results.plan, value) for value in rows["value"]],
                "Sampler": [SAMPLER_LABELS[name].title for name in rows["sampler"]],
                "Trial": rows["trial"],
                "Generation": rows["generation"],
                "Ended": rows["state"],
                **{SETTING_TITLES[name]: rows[name] for name in results.settings},
                "Epochs run": rows["epochs_run"],
                "Seconds": rows["seconds"].round(),
            }
        ),
        hide_index=True,
        height=320,
        column_config={"Value": st.column_config.TextColumn(pinned=True)},
        placeholder="–",
        alt=f"{len(rows)} trials, best first",
    )
    csv_button(rows, "CSV of these trials", f"{results.plan.name}-trials.csv", key=key)
