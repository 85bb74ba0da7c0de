"""The Masks page's first view: every metric at the chosen threshold, and every test slice as a point."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import Bundle
from core.config import CLASSES
from core.evaluation.bootstrap import LEVEL, bootstrap_intervals
from core.evaluation.figures import mask_figures, mask_figures_by_class
from core.labels import CLASS_LABELS, METRIC_TITLES, Titles, metric_titles
from core.translation.messages import mark, tr
from core.translation.numbers import number_text
from panels.shared.controls import csv_button, fragment
from panels.shared.kept_figures import kept_figure
from panels.shared.link.address import bound
from panels.shared.slices import gallery
from panels.shared.theme import PLOT_CONFIG, figure_columns, percent, style_figure

_MEANINGS = Titles(
    {
        "dice_mean": mark(
            "2 × pixels in both masks / (pixels of one + pixels of the other) for each slice; then the mean."
        ),
        "dice_class_mean": mark(
            "The mean Dice of each class; then the mean of the three, so that each class counts alike."
        ),
        "dice_pooled": mark("Over the pixels of all slices taken together, so that large tumours count more."),
        "iou_mean": mark("Pixels in both masks / pixels in either mask for each slice; then the mean."),
        "iou_pooled": mark("Over the pixels of all slices taken together, so that large tumours count more."),
    }
)
_TITLES = metric_titles(_MEANINGS)
_CLASS_TITLES = metric_titles(("dice_mean", "dice_median", "iou_mean"))
"""Columns of the table by class that hold a Dice or an IoU."""
DICE, IOU = mark("Dice"), mark("IoU")
"""Measures that the plots have, also in the address."""
_SLICE_BOX = "masks_open"


def draw_overview(bundle: Bundle, table: pd.DataFrame, threshold: float) -> None:
    """Draw the view.

    Args:
        bundle: a segmenter.
        table: its test slices at the threshold, of ``core.bundles.mask_thresholds.at_threshold``.
        threshold: probability from which a pixel counts as tumour.
    """
    _draw_metrics(bundle, table, threshold)
    _draw_measure(table, threshold)
    csv_button(table, tr("CSV of these slices"), f"{bundle.name}-masks-{threshold:.2f}.csv")


@fragment
def _draw_measure(table: pd.DataFrame, threshold: float) -> None:
    """Draw the plots of one measure, and its choice, which redraws nothing else."""
    measure = bound(
        st.segmented_control, tr("Measure"), [DICE, IOU], default=DICE, required=True, format_func=tr, key="measure"
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.header(tr("{measure} by class", measure=tr(measure)), anchor=False)
        _distribution(table, measure)
        st.dataframe(
            _by_class(table),
            hide_index=True,
            column_config=dict.fromkeys(_CLASS_TITLES.values(), st.column_config.NumberColumn(format="%.3f"))
            | figure_columns([tr("Missed")]),
            alt=tr("Metrics by class: {figures}", figures=_class_text(table)),
        )
    with right:
        st.header(tr("{measure} against tumour size", measure=tr(measure)), anchor=False)
        _against_size(table, measure, key=f"size_{measure}_{threshold}_{st.session_state.get('opened_slice')}")
        st.caption(tr("Each point is a test slice; click one to open it."))
        st.selectbox(
            tr("Or open a slice by number"),
            table["slice"].tolist(),
            index=None,
            placeholder=tr("Slice"),
            key=_SLICE_BOX,
            on_change=_open_typed_slice,
        )


def _draw_metrics(bundle: Bundle, table: pd.DataFrame, threshold: float) -> None:
    """Draw the metrics over all test slices, and their intervals."""
    masks = table.drop(columns="predicted", errors="ignore")  # a bundle for both tasks has class metrics too
    intervals = bootstrap_intervals(masks, bundle.card.classes)
    missed = intervals["missed"]
    with st.container(horizontal=True, gap="medium"):
        for name, title in _TITLES.items():
            interval = intervals[name]
            _draw_metric(
                title,
                number_text(interval.value, ".3f"),
                tr("{low:.3f} to {high:.3f}", low=interval.low, high=interval.high),
                help=_MEANINGS[name],
            )
            if name == "dice_mean":
                _draw_metric(METRIC_TITLES["dice_median"], number_text(mask_figures(table)["dice_median"], ".3f"))
        _draw_metric(
            METRIC_TITLES["missed"],
            percent(missed.value),
            tr("{low} to {high}", low=percent(missed.low), high=percent(missed.high)),
            help=tr("Slices on which the predicted mask holds no tumour pixel."),
        )
    st.caption(
        tr(
            "{slices} test slices of {patients} patients at a threshold of {threshold:.2f}. Below each figure its "
            "{level:g} % interval, by a patient-level bootstrap.",
            slices=len(table),
            patients=table["patient"].nunique(),
            threshold=threshold,
            level=LEVEL * 100,
        )
    )


def _draw_metric(title: str, value: str, interval: str = "", *, help: str | None = None) -> None:
    """Draw a metric with its interval below."""
    with st.container(width="content", gap=None):
        st.metric(title, value, width="content", help=help)
        if interval:
            st.caption(interval)


def _distribution(table: pd.DataFrame, measure: str) -> None:
    st.plotly_chart(
        _histogram(table[["true", measure.lower()]], measure),
        key=f"distribution_{measure}",
        config=PLOT_CONFIG,
        alt=f"{tr(measure)}. {_class_text(table)}",
    )


@kept_figure
def _histogram(table: pd.DataFrame, measure: str) -> go.Figure:
    figure = go.Figure()
    for name in CLASSES:
        figure.add_histogram(
            x=table[measure.lower()][table["true"] == name],
            name=CLASS_LABELS[name].short,
            marker_color=CLASS_LABELS[name].colour,
            xbins={"start": 0, "end": 1.0001, "size": 0.05},
            hovertemplate=tr("%{y} slices<extra></extra>"),
        )
    style_figure(figure, height=320)
    figure.update_layout(barmode="stack", bargap=0.06, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 1], title_text=tr(measure))
    figure.update_yaxes(title_text=tr("slices"))
    return figure


def _against_size(table: pd.DataFrame, measure: str, *, key: str) -> None:
    st.plotly_chart(
        _scatter(table[["slice", "true", "true_px", measure.lower()]], measure),
        key=key,
        on_select=lambda: _open_clicked_slice(key),
        selection_mode="points",
        config=PLOT_CONFIG,
        alt=tr(
            "{measure} of each test slice against the size of its tumour. {class_}",
            measure=tr(measure),
            class_=_class_text(table),
        ),
    )


@kept_figure
def _scatter(table: pd.DataFrame, measure: str) -> go.Figure:
    figure = go.Figure()
    for name in CLASSES:
        rows = table[table["true"] == name]
        figure.add_scatter(
            x=rows["true_px"],
            y=rows[measure.lower()],
            mode="markers",
            name=CLASS_LABELS[name].short,
            marker={"color": CLASS_LABELS[name].colour, "size": 10, "opacity": 0.75},
            unselected={"marker": {"opacity": 0.75}},
            customdata=[[number] for number in rows["slice"].tolist()],  # an array comes back as a mapping
            hovertemplate=tr(
                "slice %{{customdata[0]}}: {measure} %{{y:.3f}}, %{{x}} px<extra></extra>", measure=tr(measure)
            ),
        )
    style_figure(figure, height=400)
    figure.update_layout(dragmode=False, clickmode="event+select", hovermode="closest")
    figure.update_xaxes(
        type="log", title_text=tr("true mask, pixels"), tickvals=[200, 500, 1000, 2000, 5000, 10000, 20000]
    )
    figure.update_yaxes(range=[-0.03, 1.03], title_text=tr(measure))
    return figure


def _open_clicked_slice(key: str) -> None:
    points = st.session_state[key].selection.points
    if points:
        gallery.open_on_page(int(points[0]["customdata"][0]))


def _open_typed_slice() -> None:
    if st.session_state[_SLICE_BOX] is not None:
        gallery.open_on_page(st.session_state[_SLICE_BOX])


def _by_class(table: pd.DataFrame) -> pd.DataFrame:
    metrics = mask_figures_by_class(table)
    return pd.DataFrame(
        {
            tr("Class"): [CLASS_LABELS[name].title for name in metrics.index],
            tr("Slices"): metrics["slices"].to_numpy(),
            **{title: metrics[name].to_numpy() for name, title in _CLASS_TITLES.items()},
            tr("Missed"): [percent(share) for share in metrics["missed"]],
        }
    )


def _class_text(table: pd.DataFrame) -> str:
    """Write the metrics by class as a text for those who do not see the plots."""
    return "; ".join(
        tr(
            "{type}: {slices:.0f} slices, mean Dice {mean:.2f}, median {median:.2f}",
            type=CLASS_LABELS[str(name)].title,
            slices=row["slices"],
            mean=row["dice_mean"],
            median=row["dice_median"],
        )
        for name, row in mask_figures_by_class(table).iterrows()
    )
