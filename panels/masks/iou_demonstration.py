"""The Masks page's third view: why the report's IoU says 0.49, shown on a made-up mask that the reader changes."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.inference.render import TRUE_COLOUR, outline, overlay_mask
from core.metrics.iou_demonstration import iou_demonstration, iou_demonstration_metrics
from core.translation.messages import tr
from panels.shared.controls import fragment
from panels.shared.link.address import bound
from panels.shared.theme import PLOT_CONFIG, percent, style_figure, theme_colour

_STEPS = np.linspace(0, 1, 41)
_RIGHT_MARGIN = 24
"""Right margin in pixels; it leaves the axis room for its last label, 100%, on a telephone too."""


def draw_iou_demonstration(bundle: Bundle, table: pd.DataFrame) -> None:
    """Draw the view.

    Args:
        bundle: a segmenter.
        table: its predictions of the test slices.
    """
    perfect_mask = iou_demonstration_metrics(1.0, 0.0)
    st.markdown(
        tr(
            "The report states an IoU of **{unet_validation_iou}** beside a pixel accuracy of "
            "{unet_validation_accuracy}. We do not have the report's code; this is our best explanation: "
            "`keras.metrics.MeanIoU` was given scores instead of classes. Keras truncates every score below 1 to "
            "class 0. Then no pixel counts as tumour, and the tumour's IoU is 0. The background's IoU is its "
            "share of the picture, here {background:.3f}. The mean of the two is about one half, however "
            "good the mask.",
            unet_validation_iou=course_report.UNET_VALIDATION_IOU,
            unet_validation_accuracy=course_report.UNET_VALIDATION_ACCURACY,
            background=perfect_mask["half_of_background"] * 2,
        )
    )
    _draw_made_up_mask()
    _draw_measured(bundle, table)


@fragment
def _draw_made_up_mask() -> None:
    """Draw the made-up mask with its metrics, and the controls that change it, which redraw nothing else."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        coverage = bound(st.slider, tr("How much of the tumour the mask covers, %"), 0, 100, 80, key="coverage")
        ones = bound(
            st.slider,
            tr("How much of the mask scores exactly 1, %"),
            0,
            100,
            0,
            key="ones",
            help=tr("Only scores that are exactly 1 are not truncated."),
        )
        tumour, scores = iou_demonstration(coverage / 100, ones / 100)
        st.image(
            _demonstration_picture(tumour, scores),
            width=300,
            output_format="PNG",
            caption=tr("A made-up tumour (yellow) and the mask; brightest where the score is exactly 1"),
            alt=tr("A disc of which the mask covers {coverage} %", coverage=coverage),
        )
    metrics = iou_demonstration_metrics(coverage / 100, ones / 100)
    with right:
        with st.container(horizontal=True, gap="medium"):
            st.metric(tr("IoU of the tumour"), f"{metrics['tumour']:.3f}", width="content")
            st.metric(tr("Keras' MeanIoU of scores"), f"{metrics['keras']:.3f}", width="content")
            st.metric(tr("Half the background's share"), f"{metrics['half_of_background']:.3f}", width="content")
        _draw_chart(metrics, ones / 100)


def _draw_measured(bundle: Bundle, table: pd.DataFrame) -> None:
    """Draw the report's figure beside those of our network."""
    st.header(tr("The same for our network"), anchor=False)
    metrics = bundle.test_metrics
    keras_mean_iou = metrics.keras_mean_iou
    if keras_mean_iou is None:
        return
    background = 1 - table["true_px"].sum() / (table["size"] ** 2).sum()
    with st.container(horizontal=True, gap="medium"):
        st.metric(tr("The report's IoU, validation"), f"{course_report.UNET_VALIDATION_IOU:.4f}", width="content")
        st.metric(tr("Ours, Keras' MeanIoU of scores"), f"{keras_mean_iou.value:.4f}", width="content")
        st.metric(tr("Half the background's share, ours"), f"{background / 2:.4f}", width="content")
        st.metric(tr("Ours, mean IoU of the tumour"), f"{metrics.iou_mean:.4f}", width="content")
    st.caption(
        tr(
            "`{bundle}` on its {slices} test slices; {tumour_share_of_pixels} of the pixels are tumour. "
            "{share_of_ones:.3f} % of its scores are exactly 1 in float32. These are not truncated; as far as "
            "they are right, they lift Keras' figure above half the background's share. Where no score reaches 1, "
            "the figure equals half the background's share: just below one half, as in the report.",
            bundle=bundle.name,
            slices=metrics.slices,
            tumour_share_of_pixels=percent(metrics.tumour_share_of_pixels),
            share_of_ones=100 * keras_mean_iou.share_of_ones,
        )
    )


def _demonstration_picture(tumour: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Draw the made-up mask and the tumour's outline, four times as large; returns (h, w, 3) uint8."""
    grey = np.full((*tumour.shape, 3), 25, np.uint8)
    grey[scores >= 0.5] = (0, 130, 145)
    grey[scores == 1] = (0, 229, 255)
    large = grey.repeat(4, axis=0).repeat(4, axis=1)
    truth = tumour.repeat(4, axis=0).repeat(4, axis=1)
    return overlay_mask(large, outline(truth), colour=TRUE_COLOUR, fill=True)


def _draw_chart(metrics: dict[str, float], ones: float) -> None:
    curve = pd.DataFrame([iou_demonstration_metrics(float(step), ones) for step in _STEPS])
    palette = st.get_option("theme.chartCategoricalColors")
    figure = go.Figure()
    for column, title, colour in (
        ("tumour", tr("IoU of the tumour"), palette[0]),
        ("keras", tr("Keras' MeanIoU of scores"), palette[1]),
    ):
        figure.add_scatter(
            x=curve["coverage"],
            y=curve[column],
            mode="lines",
            name=title,
            line={"color": colour, "width": 2.5},
            hovertemplate=f"{title} %{{y:.3f}}<extra></extra>",
        )
        figure.add_scatter(
            x=[metrics["coverage"]],
            y=[metrics[column]],
            mode="markers",
            showlegend=False,
            marker={"size": 12, "color": colour, "line": {"width": 2, "color": theme_colour("backgroundColor")}},
            hoverinfo="skip",
        )
    style_figure(figure, height=330)
    figure.update_layout(hovermode="x unified", margin_r=_RIGHT_MARGIN)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", title_text=tr("share of the tumour covered"))
    figure.update_yaxes(range=[-0.03, 1.03])
    st.plotly_chart(
        figure,
        key="masks_iou",
        config=PLOT_CONFIG,
        alt=tr(
            "As the mask covers the tumour, the tumour's IoU rises from {first:.2f} to {last:.2f}; Keras' figure goes "
            "from {keras_first:.2f} to {keras_last:.2f}",
            first=curve["tumour"].iloc[0],
            last=curve["tumour"].iloc[-1],
            keras_first=curve["keras"].iloc[0],
            keras_last=curve["keras"].iloc[-1],
        ),
    )
