"""The Errors page's third view: whether the network's confidence can be believed, and how sure the figures are."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.predictions import select_predictions
from core.evaluation.bootstrap import DRAWS, LEVEL
from core.metrics import calibration
from panels.shared.answer import split_level
from panels.shared.cache import cached_headline_metrics, cached_predictions
from panels.shared.theme import (
    CLASS_COLOURS,
    CLASS_TITLES,
    PLOT_CONFIG,
    percent,
    share_interval,
    style_figure,
    text_colour,
    theme_colour,
    whole_percent,
)

_HEIGHT = 340
_END = {"margin_r": 24, "margin_t": 10}
"""Margins in pixels that leave the axes room for their last labels, 100%, on a telephone too."""


def confidence(bundle: Bundle) -> None:
    """Draw the view, of the bundle's test part."""
    table = select_predictions(cached_predictions(bundle), part="test")
    _headline(bundle, table)
    left, right = st.columns(2, gap="medium")
    with left:
        _reliability(table)
    with right:
        _coverage(table)
    with left:
        _roc(bundle, table)
    with right:
        _downloads(bundle, table)


def _headline(bundle: Bundle, table: pd.DataFrame) -> None:
    found = cached_headline_metrics(bundle)
    titles = {
        "accuracy": "Accuracy, slices",
        "patient_accuracy": "Accuracy, patients",
        "macro_f1": "Macro F1",
        **{f"recall_{name}": f"Recall, {CLASS_TITLES[name].split()[0].lower()}" for name in bundle.card["classes"]},
    }
    figure = go.Figure()
    for title, one in reversed([(titles[name], found[name]) for name in titles]):
        figure.add_scatter(
            x=[one.value],
            y=[title],
            error_x={
                "type": "data",
                "array": [one.high - one.value],
                "arrayminus": [one.value - one.low],
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            marker={"size": 11, "color": theme_colour("primaryColor")},
            hovertemplate=f"{title}: {share_interval(one)}<extra></extra>",
        )
    style_figure(figure, height=280)
    lowest = min(one.low for one in found.values())
    figure.update_layout(showlegend=False, **_END)
    figure.update_xaxes(range=[max(0, lowest - 0.05), 1.01], tickformat=".0%")
    st.subheader("The figures and how far they could have come out otherwise", anchor=False)
    words = "; ".join(f"{title} {share_interval(found[name])}" for name, title in titles.items())
    st.plotly_chart(figure, key="confidence_headline", config=PLOT_CONFIG, alt=words)
    st.caption(
        f"{words}. {whole_percent(LEVEL)} intervals from {DRAWS} draws of the {table['patient'].nunique()} test "
        f"patients, each with all their slices. The split is {split_level(bundle)}. A patient counts as right when the "
        "mean probability over their test slices names them rightly."
    )


def _reliability(table: pd.DataFrame) -> None:
    bins = calibration.reliability_bins(table["confidence"].to_numpy(), table["right"].to_numpy())
    error = calibration.expected_calibration_error(bins)
    figure = go.Figure()
    figure.add_bar(
        x=(bins["low"] + bins["high"]) / 2,
        y=bins["accuracy"],
        width=bins["high"] - bins["low"],
        marker={
            "color": theme_colour("primaryColor"),
            "line": {"width": 2, "color": theme_colour("backgroundColor")},
        },
        customdata=bins[["count", "confidence"]],
        hovertemplate="%{customdata[0]} slices, mean confidence %{customdata[1]:.1%}: %{y:.1%} right<extra></extra>",
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": text_colour()}, hoverinfo="skip")
    style_figure(figure, height=_HEIGHT)
    figure.update_layout(showlegend=False, **_END)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="confidence")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title_text="right")
    st.subheader(f"Reliability · ECE {error:.3f}", anchor=False)
    words = "; ".join(
        f"{row['low'] * 100:.0f} to {whole_percent(row['high'])}: {row['count']:.0f} slices, "
        f"{whole_percent(row['accuracy'])} right"
        for _, row in bins.iterrows()
    )
    st.plotly_chart(figure, key="confidence_reliability", config=PLOT_CONFIG, alt=f"Share right by confidence. {words}")
    sure, right = float(table["confidence"].mean()), float(table["right"].mean())
    over = (sure - right) * 100
    st.caption(
        f"Dotted: confidence that can be taken at its word. On the whole the network is {percent(sure)} sure and "
        f"{percent(right)} right: {'over' if over > 0 else 'under'}confident by {abs(over):.1f} points. ECE, the "
        f"expected calibration error, is the mean gap over {calibration.BINS} bins, weighted by slices."
    )


def _coverage(table: pd.DataFrame) -> None:
    curve = calibration.coverage_curve(table["confidence"].to_numpy(), table["right"].to_numpy())
    figure = go.Figure(
        go.Scatter(
            x=curve["coverage"],
            y=curve["accuracy"],
            mode="lines",
            line={"color": theme_colour("primaryColor"), "width": 2.5},
            customdata=curve["threshold"],
            hovertemplate="from %{customdata:.1%} confidence on: %{x:.1%} of slices, %{y:.1%} right<extra></extra>",
        )
    )
    style_figure(figure, height=_HEIGHT)
    figure.update_layout(**_END)
    figure.update_xaxes(range=[0, 1.01], tickformat=".0%", title_text="share of slices answered, surest first")
    figure.update_yaxes(range=[min(0.5, curve["accuracy"].min()), 1.02], tickformat=".0%", title_text="right")
    st.subheader("Accuracy against coverage", anchor=False)
    half = curve.loc[(curve["coverage"] - 0.5).abs().idxmin()]
    st.plotly_chart(
        figure,
        key="confidence_coverage",
        config=PLOT_CONFIG,
        alt=f"Accuracy falls from {percent(curve['accuracy'].iloc[0])} for the surest answers to "
        f"{percent(curve['accuracy'].iloc[-1])} for all",
    )
    st.caption(
        f"If the network were silent where it is unsure: of the surest half ({whole_percent(half['threshold'])} "
        f"confidence and more) {percent(float(half['accuracy']))} are right, of all "
        f"{percent(float(curve['accuracy'].iloc[-1]))}."
    )


def _roc(bundle: Bundle, table: pd.DataFrame) -> None:
    figure = go.Figure()
    areas = {}
    for name in bundle.card["classes"]:
        positive = (table["true"] == name).to_numpy()
        if positive.all() or not positive.any():
            continue
        curve = calibration.roc_curve(table[f"p_{name}"].to_numpy(), positive)
        areas[name] = calibration.area_under_roc(curve)
        figure.add_scatter(
            x=curve["false_positive_rate"],
            y=curve["true_positive_rate"],
            mode="lines",
            name=f"{CLASS_TITLES[name].split()[0]} {areas[name]:.3f}",
            line={"color": CLASS_COLOURS[name], "width": 2.5},
            hovertemplate="%{y:.1%} found at %{x:.1%} false alarms<extra></extra>",
        )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "color": text_colour()},
        showlegend=False,
        hoverinfo="skip",
    )
    style_figure(figure, height=_HEIGHT + 20)
    figure.update_layout(margin_r=_END["margin_r"])
    figure.update_xaxes(range=[-0.01, 1.01], tickformat=".0%", title_text="others called this class")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title_text="of this class found")
    st.subheader("ROC, each class against the others", anchor=False)
    words = ", ".join(f"{CLASS_TITLES[name]} {area:.3f}" for name, area in areas.items())
    st.plotly_chart(figure, key="confidence_roc", config=PLOT_CONFIG, alt=f"Areas under the curves: {words}")
    st.caption(
        f"Areas under the curves: {words}. An area near 1 beside a low recall means that the order of the "
        "probabilities is better than where the line between the classes is drawn."
    )


def _downloads(bundle: Bundle, table: pd.DataFrame) -> None:
    st.subheader("Where it is sure and wrong", anchor=False)
    wrong = table[~table["right"]].sort_values("confidence", ascending=False).head(8)
    shown = pd.DataFrame(
        {
            "Slice": wrong["slice"],
            "Patient": wrong["patient"],
            "True": wrong["true"].map(CLASS_TITLES),
            "Called": wrong["predicted"].map(CLASS_TITLES),
            "Confidence": wrong["confidence"].map(percent),
        }
    )
    st.dataframe(shown, hide_index=True, alt="The surest wrong answers")
    st.caption(
        "The surest wrong answers; *Matrix and slices*, sorted by *surest first* and *only wrong*, shows them all."
    )
    st.download_button(
        "CSV of all test slices",
        lambda: table.to_csv(index=False).encode(),
        f"{bundle.name}-test.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
