"""What the expanders of Analyse hold: measurements, model input, downloads."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.config import NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.inference.predictor import Prediction
from core.inference.render import SHOW_TRUTH, DisplayOptions, default_window, encode_png
from core.inference.result import overlay_png
from panels.shared.controls import file_button
from panels.shared.labels import bundle_title
from panels.shared.slices.chosen import ChosenSlice

_HIDDEN_REASONS = {
    NO_TUMOUR: "no tumour is found",
    OUT_OF_DISTRIBUTION: "the image is flagged out-of-distribution",
}
"""Why a hidden mask has no measurements."""


def draw_measurements(result: dict[str, Any], prediction: Prediction, *, with_mask: bool) -> None:
    """Draw sizes in pixels, in millimetres where the pixel spacing is known, and the inference time.

    Args:
        result: ``core.inference.result.slice_result`` of the slice.
        prediction: of the same slice.
        with_mask: whether the mask is shown; a hidden one has no measurements.
    """
    with st.expander("Measurements", icon=":material/straighten:", key="analyse_measurements"):
        mask = result["mask"]
        lines = [f"Slice: {result['width']} x {result['height']} px"]
        if with_mask:
            lines.append(
                f"Mask: {mask['area_px']} px in {mask['components']} component(s), where the tumour's probability is "
                f"at least {mask['threshold']}"
            )
        else:
            lines.append(f"Mask: no measurements are given, because {_HIDDEN_REASONS[result['answer']['kind']]}")
        if mask["spacing_mm"] is None:
            lines.append("Millimetres: unknown, because the pixel spacing is unknown")
        else:
            lines.append(f"Pixel spacing {mask['spacing_mm']} mm, {mask['spacing_source']}")
        if with_mask and mask["area_mm2"] is not None:
            lines.append(
                f"Area {mask['area_mm2']} mm²; longest diameter of the largest component "
                f"{mask['longest_diameter_mm']} mm (Feret)"
            )
        lines.append(f"Inference of class, mask and heat map: {prediction.seconds * 1000:.0f} ms")
        st.markdown("\n".join(f"- {line}" for line in lines))


def draw_model_inputs(prediction: Prediction, *bundles: Bundle) -> None:
    """Draw each network's input plane."""
    with st.expander("Model input", icon=":material/input:", key="analyse_input"):
        for bundle in bundles:
            plane = prediction.model_inputs[bundle.name]
            st.image(
                plane,
                width=240,
                alt=f"Input of {bundle.card.title}",
                caption=f"{bundle_title(bundle)}: {plane.shape[1]} x {plane.shape[0]} px",
            )
            st.caption(bundle.card.input.description)


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

    with st.expander("Download", icon=":material/download:", key="analyse_download"), st.container(horizontal=True):
        _button("Overlay PNG", lambda: overlay_png(slice_, prediction, options), f"{stem}-overlay.png")
        if with_mask:
            _button("Mask PNG", lambda: encode_png(chosen.in_file(prediction.mask), slice_.notes), f"{stem}-mask.png")
        _button("JSON", lambda: json.dumps(result, indent=2).encode(), f"{stem}.json")


def _button(label: str, make: Callable[[], bytes], file_name: str) -> None:
    file_button(make, label, file_name, icon=None)
