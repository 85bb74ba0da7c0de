"""What lies one fold away: measurements, what the networks were fed, downloads."""

import json
from pathlib import Path
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle, distinct_bundles
from core.inference.gate import NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.inference.predictor import Prediction
from core.inference.render import DisplayOptions, encode_png
from core.inference.result import overlay_png, results_csv, slice_result
from core.readers.slices import Slice
from panels.shared.cache import cached_predictor
from panels.shared.slice_chooser import ChosenSlice

_WITHHELD = {
    NO_TUMOUR: "no tumour is found",
    OUT_OF_DISTRIBUTION: "the picture does not look like a slice the network knows",
}
"""Why a mask that is not shown is not measured."""


def draw_measurements(said: dict[str, Any], prediction: Prediction, *, with_mask: bool) -> None:
    """Sizes in pixels, in millimetres where the pixel spacing is known, and the time it took.

    Args:
        said: of ``core.inference.result.slice_result``.
        prediction: what it was made of.
        with_mask: whether the mask is shown; one that is not is not measured either.
    """
    with st.expander("Measurements", icon=":material/straighten:"):
        mask = said["mask"]
        lines = [f"Slice: {said['width']} x {said['height']} px"]
        if with_mask:
            lines.append(
                f"Mask: {mask['area_px']} px in {mask['components']} component(s), where the tumour's probability is "
                f"at least {mask['threshold']}"
            )
        else:
            lines.append(f"Mask: no measurements are given, because {_WITHHELD[said['answer']['kind']]}")
        if mask["spacing_mm"] is None:
            lines.append("Millimetres: not known, since no pixel spacing is")
        else:
            lines.append(f"Pixel spacing {mask['spacing_mm']} mm, {mask['spacing_source']}")
        if with_mask and mask["area_mm2"] is not None:
            lines.append(
                f"Area {mask['area_mm2']} mm²; longest diameter of the largest component "
                f"{mask['longest_diameter_mm']} mm (Feret)"
            )
        lines.append(f"Time for class, mask and heat map: {prediction.seconds * 1000:.0f} ms")
        st.markdown("\n".join(f"- {line}" for line in lines))


def draw_model_inputs(prediction: Prediction, *bundles: Bundle) -> None:
    """The planes the networks were given."""
    with st.expander("What the networks were fed", icon=":material/input:"):
        for bundle in bundles:
            plane = prediction.model_inputs[bundle.name]
            st.image(plane, width=240, caption=f"{bundle.name}: {plane.shape[1]} x {plane.shape[0]} px")
            st.caption(bundle.card["input"]["description"])


def draw_downloads(
    chosen: ChosenSlice,
    prediction: Prediction,
    said: dict[str, Any],
    look: DisplayOptions,
    *bundles: Bundle,
    with_mask: bool,
) -> None:
    """Overlay, mask and JSON of this slice, and one CSV of all uploads; each made when it is asked for.

    Args:
        chosen: the slice, and the uploads it may be one of.
        prediction: what the networks said of it.
        said: of ``core.inference.result.slice_result``.
        look: of the picture on the page, which the overlay is to be like.
        bundles: classifier and segmenter.
        with_mask: whether the mask is shown; one that is not has no download.
    """
    slice_ = chosen.slice
    stem = Path(slice_.name).stem.replace(" ", "-").replace(",", "")

    with st.expander("Download", icon=":material/download:"), st.container(horizontal=True):
        _button("Overlay PNG", lambda: overlay_png(slice_, prediction, look), f"{stem}-overlay.png", "image/png")
        if with_mask:
            _button("Mask PNG", lambda: encode_png(prediction.mask, slice_.notes), f"{stem}-mask.png", "image/png")
        _button("JSON", lambda: json.dumps(said, indent=2).encode(), f"{stem}.json", "application/json")
        if len(chosen.uploads) > 1:
            table = _table(chosen, *bundles)
            _button(f"CSV of all {len(chosen.uploads)} uploads", table, "slices.csv", "text/csv")


def _table(chosen: ChosenSlice, classifier: Bundle, segmenter: Bundle) -> Any:
    predictor = cached_predictor(classifier, segmenter)

    def said(one: Slice) -> dict[str, Any]:
        return slice_result(one, predictor(one), distinct_bundles(classifier, segmenter))

    return lambda: results_csv([said(one) for one in chosen.uploads.values()]).encode()


def _button(label: str, data: Any, name: str, kind: str) -> None:
    st.download_button(label, data, name, kind, on_click="ignore")
