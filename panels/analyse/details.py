"""What the expanders of Analyse hold: why, how it was measured, model input, downloads."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.inference.predictor import Prediction
from core.inference.render import SHOW_TRUTH, DisplayOptions, default_window, encode_png
from core.inference.result import overlay_png, shown_probabilities
from core.labels import OUTCOME_LABELS
from core.translation.messages import tr, tr_plural
from panels.analyse.reliability import draw_test_figures
from panels.shared.answer import draw_class_probabilities
from panels.shared.controls import file_button
from panels.shared.labels import bundle_title
from panels.shared.slices.chosen import ChosenSlice


def draw_why(result: dict[str, Any], address: dict[str, str], *, with_class: bool, key: str) -> None:
    """Draw the probabilities, the reason of the outcome with its figures, and the way to other heat maps.

    Args:
        result: ``core.inference.result.slice_result`` of the slice.
        address: of the slice and the model on Explain.
        with_class: whether class and mask are shown.
        key: of the bars.
    """
    with st.expander(tr("Why this answer"), icon=":material/bar_chart:", key="analyse_why"):
        if with_class:
            draw_class_probabilities(result["likeliest_class"], shown_probabilities(result), key=key, headline=False)
        st.markdown(tr(result["reason"]))
        if result["gate"]:
            st.caption(tr(result["gate"]["figures"]))
        if with_class:
            st.page_link(
                "pages/explain.py",
                label=tr("Explain it: other methods, layers and classes"),
                icon=":material/visibility:",
                query_params=address,
            )


def draw_measured(
    result: dict[str, Any], prediction: Prediction, classifier: Bundle, segmenter: Bundle, *, with_mask: bool
) -> None:
    """Draw sizes of the slice and its mask, the inference time, and the networks' figures on test slices.

    Args:
        result: ``core.inference.result.slice_result`` of the slice.
        prediction: of the same slice.
        classifier: the bundle that gives the class.
        segmenter: the bundle that gives the mask.
        with_mask: whether the mask is shown; a hidden one has no measurements.
    """
    with st.expander(tr("How it was measured"), icon=":material/straighten:", key="analyse_measurements"):
        st.markdown(tr("**This slice**"))
        mask = result["mask"]
        lines = [tr("Slice: {width} x {height} px", width=result["width"], height=result["height"])]
        if with_mask:
            lines.append(
                tr_plural(
                    "Mask: {area:,} px in {count} component, where the tumour's probability is at least {threshold}",
                    "Mask: {area:,} px in {count} components, where the tumour's probability is at least {threshold}",
                    mask["components"],
                    area=mask["area_px"],
                    threshold=mask["threshold"],
                )
            )
        else:
            lines.append(
                tr("Mask: no measurements are given: {outcome}", outcome=OUTCOME_LABELS[result["outcome"]].in_text)
            )
        if mask["spacing_mm"] is None:
            lines.append(tr("Millimetres: unknown, because the pixel spacing is unknown"))
        else:
            lines.append(
                tr(
                    "Pixel spacing {spacing} mm, {source}",
                    spacing=mask["spacing_mm"],
                    source=tr(mask["spacing_source"]),
                )
            )
        if with_mask and mask["area_mm2"] is not None:
            lines.append(
                tr(
                    "Area {area:,} mm²; longest diameter of the largest component {diameter} mm (Feret)",
                    area=mask["area_mm2"],
                    diameter=mask["longest_diameter_mm"],
                )
            )
        lines.append(
            tr("Inference of class, mask and heat map: {milliseconds:.0f} ms", milliseconds=prediction.seconds * 1000)
        )
        st.markdown("\n".join(f"- {line}" for line in lines))
        st.markdown(tr("**The networks on test slices**"))
        draw_test_figures(classifier, segmenter, with_network=with_mask)


def draw_model_inputs(prediction: Prediction, *bundles: Bundle) -> None:
    """Draw each network's input plane."""
    with st.expander(tr("What the model saw"), icon=":material/input:", key="analyse_input"):
        for bundle in bundles:
            plane = prediction.model_inputs[bundle.name]
            st.image(
                plane,
                width=240,
                alt=tr("Input of {card}", card=bundle.title),
                caption=tr(
                    "{model}: {width} x {height} px",
                    model=bundle_title(bundle),
                    width=plane.shape[1],
                    height=plane.shape[0],
                ),
            )
            st.caption(tr(bundle.card.input.description))


def draw_downloads(
    chosen: ChosenSlice,
    prediction: Prediction,
    result: dict[str, Any],
    *,
    with_mask: bool,
) -> None:
    """Draw the downloads: overlay, mask and JSON of the slice; each is made on demand.

    Args:
        chosen: the slice.
        prediction: of the slice.
        result: ``core.inference.result.slice_result`` of the slice.
        with_mask: whether the mask is shown; a hidden one has no download.
    """
    slice_ = chosen.slice
    options = DisplayOptions(*default_window(slice_.pixels))
    if not with_mask:
        options = replace(options, layers=(SHOW_TRUTH,))
    stem = Path(slice_.name).stem.replace(" ", "-").replace(",", "")

    with st.expander(tr("Download"), icon=":material/download:", key="analyse_download"), st.container(horizontal=True):
        _button(tr("Overlay PNG"), lambda: overlay_png(slice_, prediction, options), f"{stem}-overlay.png")
        if with_mask:
            _button(
                tr("Mask PNG"), lambda: encode_png(chosen.in_file(prediction.mask), slice_.notes), f"{stem}-mask.png"
            )
        _button("JSON", lambda: json.dumps(result, indent=2).encode(), f"{stem}.json")


def _button(label: str, make: Callable[[], bytes], file_name: str) -> None:
    file_button(make, label, file_name, icon=None)
