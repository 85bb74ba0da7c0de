"""How the heat maps are drawn: the controls redraw them, and the pictures of the sanity check, and nothing else."""

from collections.abc import Hashable
from typing import Any

from core.bundles.bundle import Bundle
from core.inference.render import DisplayOptions
from core.labels import CLASS_LABELS
from core.readers.slices import Slice
from panels.explain.controls import PREDICTED_MASK, ExplanationRequest
from panels.explain.heat_maps import HeatMapView
from panels.explain.picture import display_controls, draw_heat_map
from panels.explain.sanity_check import draw_sanity_check
from panels.shared.controls import fragment


@fragment
def draw_heat_maps(
    slice_: Slice,
    identity: Hashable,
    bundle: Bundle,
    request: ExplanationRequest,
    views: list[HeatMapView],
    shown: list[DisplayOptions],
    *,
    image_areas: list[Any],
    sanity_area: Any,
) -> None:
    """Draw the controls here, the heat maps in ``image_areas`` and the sanity check in ``sanity_area``.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        bundle: the explained network.
        request: which heat map was wanted.
        views: the heat maps.
        shown: receives how they are drawn, for their download.
        image_areas: an ``st.empty`` a heat map.
        sanity_area: a container.
    """
    options = display_controls(slice_, of_mask=request.output == PREDICTED_MASK)
    shown[:] = [options]
    for area, view in zip(image_areas, views, strict=True):
        with area.container():
            name = slice_.name if len(views) == 1 else CLASS_LABELS[view.class_name].title
            draw_heat_map(slice_, view, options, method=request.method, name=name)
    with sanity_area:
        draw_sanity_check(slice_, identity, bundle, request, options)
