"""The slice in the viewer with a heat map over it."""

from typing import Any

import numpy as np

from core.explanation.explainer import SALIENCY
from core.inference.render import DisplayOptions, compose_overlay, default_window, encode_png
from core.labels import CLASS_LABELS
from core.readers.slices import Slice
from core.translation.messages import shown, tr
from panels.explain.controls import PREDICTED_MASK, ExplanationRequest, method_title
from panels.explain.heat_maps import HeatMapView
from panels.shared.slices.chosen import ChosenSlice
from panels.shared.slices.image import heat_legend
from panels.shared.viewer.viewer import draw_viewer, draw_waiting, heat_layer, mask_layers
from panels.shared.volumes.place import stepping

GROUP = "explain"
"""The page's viewers zoom and move as one."""
_FULL_STRENGTH_PERCENTILE = 99.5
"""Percentile of the heat that is drawn at full strength: a few hot pixels would leave fine heat maps dark."""


def draw_heat_map(chosen: ChosenSlice, view: HeatMapView, *, several: bool, key: str) -> None:
    """Draw the slice in the viewer with the heat map over it.

    Args:
        chosen: the slice.
        view: the heat map.
        several: whether other heat maps stand beside it.
        key: of the viewer, which moves with the page's others.
    """
    legend = _legend_of(view)
    title = method_title(view.method)
    draw_viewer(
        chosen.slice,
        [heat_layer(scale_for_display(view.heat), legend), *mask_layers(view.mask, chosen.slice.mask)],
        key=key,
        label=tr("The slice with a heat map over it, by {title}; {legend}", title=title, legend=legend),
        caption=f"{shown(chosen.slice.name)}; {legend}",
        **_place(chosen, several=several),
    )


def draw_waiting_map(chosen: ChosenSlice, request: ExplanationRequest, *, several: bool, key: str) -> None:
    """Draw the slice with an empty heat map until the one of a request is made; arguments as for ``draw_heat_map``."""
    empty = np.zeros(chosen.slice.pixels.shape, np.float32)
    mask = empty > 0 if request.output == PREDICTED_MASK else None
    layers = [heat_layer(empty, ""), *mask_layers(mask, chosen.slice.mask)]
    draw_waiting(chosen.slice, layers, key=key, **_place(chosen, several=several))


def _place(chosen: ChosenSlice, *, several: bool) -> dict[str, Any]:
    """Return the options of a viewer that do not depend on the heat map."""
    return {"group": GROUP, "small": several, "adjusting": chosen.adjusting, "volume": stepping(chosen)}


def heat_maps_png(slice_: Slice, views: list[HeatMapView]) -> bytes:
    """Return the heat maps over the slice, side by side at the slice's own size, as PNG."""
    options = DisplayOptions(*default_window(slice_.pixels))
    images = [
        compose_overlay(slice_.pixels, options, mask=view.mask, heat=scale_for_display(view.heat), truth=slice_.mask)
        for view in views
    ]
    return encode_png(np.concatenate(images, axis=1), slice_.notes)


def scale_for_display(heat: np.ndarray) -> np.ndarray:
    """Scale heat to [0, 1] as it is drawn: full strength from its 99.5th percentile on."""
    full = float(np.percentile(heat, _FULL_STRENGTH_PERCENTILE)) or 1.0
    return np.minimum(heat / full, 1)


def _legend_of(view: HeatMapView) -> str:
    output = tr("the mask") if view.mask is not None else CLASS_LABELS[view.class_name].in_text
    if view.method == SALIENCY and view.heat.any():
        return tr("heat map: pixels that change the score of {output}", output=output)
    return heat_legend(view.heat, output)
