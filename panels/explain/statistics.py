"""Over the test set: how well a bundle's heat maps fall on the tumours. Read from its explanations.csv."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import EXPLANATIONS, Bundle, open_bundle
from core.evaluation.heat_maps import summarise_heat_maps
from core.explanation.explainer import METHODS
from panels.shared.theme import PLOT_CONFIG, percent, text_colour

_ANSWERS = {"right": True, "wrong": False}


@st.cache_data(max_entries=8, show_spinner=False)
def _table(name: str, fingerprint: str) -> pd.DataFrame:
    return pd.read_csv(open_bundle(name).path(EXPLANATIONS), keep_default_na=False)


def draw_statistics(bundle: Bundle, *, key: str) -> None:
    """Distributions by method for right and wrong answers, a table of means, and the CSV."""
    if EXPLANATIONS not in bundle.card["files"]:
        st.info(
            f"{bundle.name} has not been measured over its test slices yet. With the data set at hand, "
            f"`python -m core evaluate {bundle.name} --explain` does it.",
            icon=":material/hourglass_empty:",
        )
        return
    table = _table(bundle.name, bundle.card["files"][EXPLANATIONS]["sha256"])
    defined = bundle.card["metrics"]["explanation"]
    means = summarise_heat_maps(table)
    first = bundle.heat_method
    rows = table[table["method"] == first]
    st.markdown(
        f"On the {len(rows)} test slices of `{bundle.name}`, on average **{percent(rows['inside'].mean())}** of "
        f"{METHODS[first].title}'s heat lies on the tumour; heat spread evenly would have "
        f"**{percent(rows['area'].mean())}** there. The hottest pixel is on the tumour in "
        f"**{percent(rows['hit'].mean())}** of them."
    )
    st.plotly_chart(
        _boxes(table),
        key=f"{key}_boxes",
        config=PLOT_CONFIG,
        alt="Boxes of the share of heat on the tumour, by method, for right and wrong answers; the table below has "
        "their means",
    )
    st.dataframe(_means(means), hide_index=True, alt="Means by method, for right and wrong answers")
    st.caption(
        "Means: the share of the heat on the tumour, the same for heat spread evenly, and how often the hottest pixel "
        f"lies on it. Explained is {defined['definitions']['explained']}, at the layer {defined['layer']}. "
        f"Right: {defined['definitions']['right']}. To save time, {defined['definitions']['slow']}."
    )
    st.download_button(
        "CSV of every test slice",
        lambda: bundle.path(EXPLANATIONS).read_bytes(),
        f"{bundle.name}-{EXPLANATIONS}",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=f"{key}_csv",
    )


def _boxes(table: pd.DataFrame) -> go.Figure:
    colours = dict(zip(_ANSWERS, st.get_option("theme.chartCategoricalColors"), strict=False))
    methods = [name for name in METHODS if name in set(table["method"])][::-1]
    figure = go.Figure()
    for name in reversed(_ANSWERS):  # plotly draws from the bottom up
        rows = table[table["right"] == _ANSWERS[name]]
        figure.add_box(
            x=rows["inside"],
            y=[METHODS[method].title for method in rows["method"]],
            orientation="h",
            name=f"{name} answers",
            marker={"color": colours[name], "size": 3, "opacity": 0.5},
            line={"width": 1.5},
            boxpoints="outliers",
            hoverinfo="x",
        )
    even = float(table.drop_duplicates("slice")["area"].mean())
    figure.add_vline(even, line={"dash": "dot", "color": text_colour(), "width": 1.5})
    figure.add_annotation(
        x=even, y=1, yref="paper", yanchor="bottom", xanchor="left", showarrow=False, text="spread evenly"
    )
    figure.update_layout(
        boxmode="group",
        height=90 + 76 * len(methods),
        margin={"l": 0, "r": 8, "t": 24, "b": 72},
        font={"size": 13, "color": text_colour()},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0, "traceorder": "reversed"},
        xaxis={
            "title": {"text": "share of the heat that lies on the tumour", "font": {"color": text_colour()}},
            "tickformat": ".0%",
            "rangemode": "tozero",
            "fixedrange": True,
            "tickfont": {"color": text_colour()},
        },
        yaxis={
            "categoryorder": "array",
            "categoryarray": [METHODS[name].title for name in methods],
            "fixedrange": True,
            "ticksuffix": "  ",
            "tickfont": {"color": text_colour()},
        },
    )
    return figure


def _means(means: dict[str, dict[str, dict[str, float]]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Method": METHODS[method].title,
                "Answers": name,
                "Slices": int(found["slices"]),
                "On the tumour": percent(found["inside"]) if found["slices"] else "–",
                "Evenly": percent(found["area"]) if found["slices"] else "–",
                "Hottest": percent(found["hit"]) if found["slices"] else "–",
            }
            for method, answers in means.items()
            for name, found in answers.items()
        ]
    )
