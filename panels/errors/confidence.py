"""The Errors page's third view: whether the network's confidence can be believed, and how sure the figures are."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.calibrated import RAW
from core.bundles.predictions import select_predictions
from core.config import CLASSES
from core.evaluation.bootstrap import DRAWS, LEVEL
from core.evaluation.figures import accuracy_of
from core.labels import CLASS_LABELS, metric_titles
from core.metrics import calibration
from core.translation.messages import mark, tr
from core.translation.numbers import number_text
from panels.errors.matrix_view import tile_label
from panels.shared.cache import cached_headline_metrics, cached_predictions
from panels.shared.controls import csv_button
from panels.shared.labels import split_level_of, term
from panels.shared.slices import gallery
from panels.shared.theme import (
    PLOT_CONFIG,
    add_interval,
    percent,
    share_interval,
    style_figure,
    text_colour,
    theme_colour,
    whole_percent,
)

_HEIGHT = 340
_ERRORS = 8
"""Of the most confident errors, how many are shown."""
_MARGINS = {"margin_r": 24, "margin_t": 10}
"""In pixels; they leave the axes room for their last labels, 100%, on a telephone too."""


def draw_confidence(bundle: Bundle) -> None:
    """Draw the view, of the bundle's test part."""
    table = select_predictions(cached_predictions(bundle), part="test")
    _headline_metrics(bundle, table)
    left, right = st.columns(2, gap="medium")
    with left:
        _reliability(table)
    with right:
        _accuracy_against_coverage(table)
    with left:
        _roc(bundle, table)
    with right:
        _confident_errors(bundle, table)


def _headline_metrics(bundle: Bundle, table: pd.DataFrame) -> None:
    """Draw the headline metrics with their bootstrap intervals."""
    metrics = cached_headline_metrics(bundle)
    shown = ["accuracy", "series_accuracy", "patient_accuracy", "macro_f1", *(f"recall_{name}" for name in CLASSES)]
    titles = metric_titles([name for name in shown if name in metrics])
    figure = go.Figure()
    for name, title in reversed(list(titles.items())):
        hover = f"{title}: {share_interval(metrics[name])}"
        colour = theme_colour("primaryColor")
        add_interval(figure, metrics[name], label=title, colour=colour, hover=hover, size=11, thickness=2)
    style_figure(figure, height=280)
    lowest = min(interval.low for interval in metrics.values())
    figure.update_layout(showlegend=False, **_MARGINS)
    figure.update_xaxes(range=[max(0, lowest - 0.05), 1.01], tickformat=".0%")
    st.header(tr("Metrics with their intervals"), anchor=False)
    words = "; ".join(f"{title} {share_interval(metrics[name])}" for name, title in titles.items())
    st.plotly_chart(figure, key="confidence_headline", config=PLOT_CONFIG, alt=words)
    st.caption(
        tr(
            "{words}. Intervals by a {bootstrap}.",
            words=words,
            bootstrap=term("bootstrap", tr("patient-level bootstrap")),
        ),
        help=tr(
            "{level} intervals: {draws} draws of the {patients} test patients, each with all their "
            "slices. The split is {split}. A patient counts as correct when the mean probability over "
            "their test slices, their series, is highest for the true class; series accuracy counts the "
            "slices of such patients.",
            level=whole_percent(LEVEL),
            draws=DRAWS,
            patients=table["patient"].nunique(),
            split=split_level_of(bundle),
        ),
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
        hovertemplate=tr(
            "%{customdata[0]} slices, mean confidence %{customdata[1]:.1%}: accuracy %{y:.1%}<extra></extra>"
        ),
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": text_colour()}, hoverinfo="skip")
    style_figure(figure, height=_HEIGHT)
    figure.update_layout(showlegend=False, **_MARGINS)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text=tr("confidence"))
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title_text=tr("accuracy"))
    st.header(tr("Reliability · ECE {error:.3f}", error=error), anchor=False)
    words = "; ".join(
        tr(
            "{low:.0f} to {high}: {count:.0f} slices, accuracy {accuracy}",
            low=row["low"] * 100,
            high=whole_percent(row["high"]),
            count=row["count"],
            accuracy=whole_percent(row["accuracy"]),
        )
        for _, row in bins.iterrows()
    )
    st.plotly_chart(
        figure, key="confidence_reliability", config=PLOT_CONFIG, alt=tr("Accuracy by confidence. {words}", words=words)
    )
    confidence, accuracy = float(table["confidence"].mean()), accuracy_of(table)
    excess = (confidence - accuracy) * 100
    verdict = (
        mark(
            "Dotted: perfect {calibration}. Mean confidence {confidence}, accuracy {accuracy}: the network is "
            "overconfident by {points:.1f} points."
        )
        if excess > 0
        else mark(
            "Dotted: perfect {calibration}. Mean confidence {confidence}, accuracy {accuracy}: the network is "
            "underconfident by {points:.1f} points."
        )
    )
    st.caption(
        tr(
            verdict,
            calibration=term("calibration", tr("calibration")),
            confidence=percent(confidence),
            accuracy=percent(accuracy),
            points=abs(excess),
        ),
        help=" ".join(
            [
                *_calibration_note(table),
                tr(
                    "ECE (expected calibration error) is the mean gap over {bins} bins, weighted by slices.",
                    bins=calibration.BINS,
                ),
            ]
        ),
    )


def _calibration_note(table: pd.DataFrame) -> list[str]:
    """Say that the confidence is calibrated, where it is."""
    if f"confidence{RAW}" not in table:
        return []
    bins = calibration.reliability_bins(table[f"confidence{RAW}"].to_numpy(), table["right"].to_numpy())
    own = calibration.expected_calibration_error(bins)
    return [tr("Probabilities are calibrated by one temperature; the ECE of the network's own is {own:.3f}.", own=own)]


def _accuracy_against_coverage(table: pd.DataFrame) -> None:
    curve = calibration.coverage_curve(table["confidence"].to_numpy(), table["right"].to_numpy())
    figure = go.Figure(
        go.Scatter(
            x=curve["coverage"],
            y=curve["accuracy"],
            mode="lines",
            line={"color": theme_colour("primaryColor"), "width": 2.5},
            customdata=curve["threshold"],
            hovertemplate=tr(
                "confidence from %{customdata:.1%} on: coverage %{x:.1%}, accuracy %{y:.1%}<extra></extra>"
            ),
        )
    )
    style_figure(figure, height=_HEIGHT)
    figure.update_layout(**_MARGINS)
    figure.update_xaxes(range=[0, 1.01], tickformat=".0%", title_text=tr("coverage, highest confidence first"))
    figure.update_yaxes(range=[min(0.5, curve["accuracy"].min()), 1.02], tickformat=".0%", title_text=tr("accuracy"))
    st.header(tr("Accuracy against coverage"), anchor=False)
    half = curve.iloc[int(np.abs(curve["coverage"].to_numpy() - 0.5).argmin())]
    st.plotly_chart(
        figure,
        key="confidence_coverage",
        config=PLOT_CONFIG,
        alt=tr(
            "Accuracy falls from {first} for the most confident predictions to {last} for all",
            first=percent(curve["accuracy"].iloc[0]),
            last=percent(curve["accuracy"].iloc[-1]),
        ),
    )
    st.caption(
        tr(
            "{coverage}: on the more confident half ({threshold} confidence and more) its accuracy is "
            "{half}, on all slices {all_slices}.",
            coverage=term("coverage"),
            threshold=whole_percent(half["threshold"]),
            half=percent(float(half["accuracy"])),
            all_slices=percent(float(curve["accuracy"].iloc[-1])),
        )
    )


def _roc(bundle: Bundle, table: pd.DataFrame) -> None:
    figure = go.Figure()
    areas = {}
    for name in bundle.card.classes:
        positive = (table["true"] == name).to_numpy()
        if positive.all() or not positive.any():
            continue
        curve = calibration.roc_curve(table[f"p_{name}"].to_numpy(), positive)
        areas[name] = calibration.area_under_roc(curve)
        figure.add_scatter(
            x=curve["false_positive_rate"],
            y=curve["true_positive_rate"],
            mode="lines",
            name=f"{CLASS_LABELS[name].short} {number_text(areas[name], '.3f')}",
            line={"color": CLASS_LABELS[name].colour, "width": 2.5},
            hovertemplate=tr("true positive rate %{y:.1%} at false positive rate %{x:.1%}<extra></extra>"),
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
    figure.update_layout(margin_r=_MARGINS["margin_r"])
    figure.update_xaxes(range=[-0.01, 1.01], tickformat=".0%", title_text=tr("false positive rate"))
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title_text=tr("true positive rate"))
    st.header(tr("ROC, each class against the others"), anchor=False)
    words = ", ".join(f"{CLASS_LABELS[name].title} {number_text(area, '.3f')}" for name, area in areas.items())
    st.plotly_chart(figure, key="confidence_roc", config=PLOT_CONFIG, alt=tr("AUC: {words}", words=words))
    st.caption(
        f"{term('auc', tr('AUC'))}: {words}.",
        help=tr(
            "A high AUC beside a low recall means that the probabilities rank the slices well, but the boundary "
            "between the classes is drawn badly."
        ),
    )


def _confident_errors(bundle: Bundle, table: pd.DataFrame) -> None:
    """Draw the most confident errors as tiles, and offer all test slices as a CSV."""
    st.header(tr("Most confident errors"), anchor=False)
    errors = table[~table["right"]].sort_values("confidence", ascending=False).head(_ERRORS)
    gallery.draw_gallery(errors, caption=tile_label, key="confident", width=130)
    st.caption(
        tr("*Matrix and slices* shows them all: sort by *highest confidence first* and switch *Only errors* on.")
    )
    csv_button(table, tr("CSV of all test slices"), f"{bundle.name}-test.csv")
