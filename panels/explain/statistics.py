"""Heat-map localisation over a bundle's test set, from its explanations.csv."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import EVIDENCE_MAP, EXPLANATIONS, Bundle
from core.evaluation.explanations.heat_maps import read_explanations, summarise_heat_maps
from core.explanation.class_maps import EVIDENCE_MAP_TITLE
from core.explanation.explainer import METHODS
from core.metrics.definitions import DEFINITIONS
from core.translation.messages import mark, tr
from panels.explain.controls import method_title
from panels.shared.cache import HASH_BUNDLES
from panels.shared.controls import csv_button
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import bundle_title, term
from panels.shared.theme import PLOT_CONFIG, percent, text_colour

_CORRECTNESS = {mark("right"): True, mark("wrong"): False}


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=HASH_BUNDLES)
def _read_explanations(bundle: Bundle) -> pd.DataFrame:
    return read_explanations(bundle)


def draw_statistics(bundle: Bundle, *, key: str) -> None:
    """Draw the distributions by method for right and wrong predictions, a table of means, and the CSV."""
    if EXPLANATIONS not in bundle.card.files:
        st.info(
            tr(
                "{bundle} has no heat-map localisation on its test set yet. With the prepared data set, `python "
                "-m core evaluate {name} --explain` measures it.",
                bundle=bundle_title(bundle),
                name=bundle.name,
            ),
            icon=":material/hourglass_empty:",
        )
        return
    table = _read_explanations(bundle)
    explanation = bundle.card.metrics.explanation
    means = summarise_heat_maps(table)
    shown = bundle.answer_map if (table["method"] == bundle.answer_map).any() else bundle.heat_method
    rows = table[table["method"] == shown]
    owner = tr("the evidence map") if shown == EVIDENCE_MAP else METHODS[shown].title
    st.markdown(
        tr(
            "On the {count} test slices of {bundle}, **{share}** of {owner}'s heat lies on the tumour; the "
            "{chance_level} is **{area}**. The {pointing_game} is a hit in **{hits}** of them.",
            count=len(rows),
            bundle=bundle_title(bundle),
            share=percent(rows["inside"].mean()),
            owner=owner,
            chance_level=term("chance-level", tr("chance level")),
            area=percent(rows["area"].mean()),
            pointing_game=term("pointing-game", tr("pointing game")),
            hits=percent(rows["hit"].mean()),
        )
    )
    st.plotly_chart(
        _box_plot(table),
        key=f"{key}_boxes",
        config=PLOT_CONFIG,
        alt=tr(
            "Box plot of the share of heat on the tumour, by method, for right and wrong predictions; the table has "
            "their means"
        ),
    )
    with st.expander(tr("Means by method, and how they were measured"), icon=":material/table:"):
        st.dataframe(_means_table(means), hide_index=True, alt=tr("Means by method, for right and wrong predictions"))
        if explanation:
            definitions = DEFINITIONS["explanation"]
            if shown == EVIDENCE_MAP:
                st.caption(f"{tr(EVIDENCE_MAP_TITLE)}: {tr(definitions[EVIDENCE_MAP])}.")
            st.caption(
                tr(
                    "Explained: {explained}, at the layer {layer}. Right: {right}. To save time, {slow}.",
                    explained=tr(definitions["explained"]),
                    layer=explanation.layer,
                    right=tr(definitions["right"]),
                    slow=tr(definitions["slow"]),
                )
            )
        csv_button(table, tr("CSV of every test slice"), f"{bundle.name}-{EXPLANATIONS}", key=f"{key}_csv")


@kept_figure
def _box_plot(table: pd.DataFrame) -> go.Figure:
    colours = dict(zip(_CORRECTNESS, st.get_option("theme.chartCategoricalColors"), strict=False))
    methods = [name for name in (EVIDENCE_MAP, *METHODS) if name in set(table["method"])][::-1]
    figure = go.Figure()
    for name in reversed(_CORRECTNESS):  # plotly draws from the bottom up
        rows = table[table["right"] == _CORRECTNESS[name]]
        figure.add_box(
            x=rows["inside"],
            y=[method_title(method) for method in rows["method"]],
            orientation="h",
            name=tr("{name} predictions", name=tr(name)),
            marker={"color": colours[name], "size": 3, "opacity": 0.5},
            line={"width": 1.5},
            boxpoints="outliers",
            hoverinfo="x",
        )
    chance = float(table.drop_duplicates("slice")["area"].mean())
    figure.add_vline(chance, line={"dash": "dot", "color": text_colour(), "width": 1.5})
    figure.add_annotation(
        x=chance, y=1, yref="paper", yanchor="bottom", xanchor="left", showarrow=False, text=tr("chance level")
    )
    figure.update_layout(
        boxmode="group",
        height=90 + 76 * len(methods),
        margin={"l": 0, "r": 8, "t": 24, "b": 72},
        font={"size": 13, "color": text_colour()},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0, "traceorder": "reversed"},
        xaxis={
            "title": {"text": tr("share of heat on the tumour"), "font": {"color": text_colour()}},
            "tickformat": ".0%",
            "rangemode": "tozero",
            "fixedrange": True,
            "tickfont": {"color": text_colour()},
        },
        yaxis={
            "categoryorder": "array",
            "categoryarray": [method_title(name) for name in methods],
            "fixedrange": True,
            "ticksuffix": "  ",
            "tickfont": {"color": text_colour()},
        },
    )
    return figure


def _means_table(means: dict[str, dict[str, dict[str, float]]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                tr("Method"): method_title(method),
                tr("Predictions"): tr(name),
                tr("Slices"): int(summary["slices"]),
                tr("Heat on the tumour"): percent(summary["inside"]) if summary["slices"] else "–",
                tr("Chance level"): percent(summary["area"]) if summary["slices"] else "–",
                tr("Pointing game"): percent(summary["hit"]) if summary["slices"] else "–",
            }
            for method, summaries in means.items()
            for name, summary in summaries.items()
        ]
    )
