"""The Masks page's second view: the report's Figure 8 for the best, the median, the worst and the chosen slice."""

import pandas as pd
import streamlit as st

from core.bundles import mask_thresholds
from core.bundles.bundle import Bundle
from core.bundles.predictions import row_of_slice
from core.bundles.stored_maps import stored_tumour_probability
from core.inference.predictor import model_input
from core.inference.render import FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR, grey_image
from core.labels import CLASS_LABELS
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from panels.shared.controls import fragment
from panels.shared.link.address import bound
from panels.shared.slices import gallery
from panels.shared.slices.data_set import load_slices
from panels.shared.slices.image import MASK_LEGEND, draw_picture
from panels.shared.slices.mask_pictures import draw_pictures, mask_pictures
from panels.shared.viewer.viewer import Layer, draw_viewer, mask_layers, probability_layer, viewer_and_words

_CHOSEN = "Chosen"
"""Title of the slice that the visitor chose."""
_FIRST = "Median"
"""Title of the slice in the viewer while none is chosen."""


@fragment
def draw_slices(bundle: Bundle, table: pd.DataFrame, threshold: float) -> None:
    """Draw the view; another slice of choice redraws nothing else.

    Arguments as for ``panels.masks.overview.draw_overview``.
    """
    numbers = mask_thresholds.typical_slice_numbers(table)
    viewer, words = viewer_and_words(key="masks")
    with words:
        chosen = bound(
            st.selectbox,
            "A slice of your choice",
            table["slice"].tolist(),
            index=None,
            placeholder="Number",
            key="row",
        )
        if chosen is not None:
            numbers = {_CHOSEN: int(chosen), **numbers}
        slices = load_slices(list(numbers.values()))
        if len(slices) < len(set(numbers.values())):
            gallery.offer_fetching(key="rows")
        st.caption(
            "In the viewer: where the chosen slice's two masks differ; the median slice's until one is chosen. Below, "
            "from left to right, as in the report's Figure 8: the slice, the true mask, the predicted mask, their "
            "difference (white: true positive, orange: false negative, blue: false positive pixels), and both outlines "
            f"over the slice ({', '.join(MASK_LEGEND.values())})."
        )
    with viewer:
        shown = numbers.get(_CHOSEN, numbers[_FIRST])
        _draw_viewer(bundle, shown, slices.get(shown), threshold)
    for title, number in numbers.items():
        row = row_of_slice(table, number)
        st.markdown(
            f"**{title}: slice {number}** · {CLASS_LABELS[row['true']].title}, patient {row['patient']} · Dice "
            f"{row['dice']:.3f}, IoU {row['iou']:.3f} · true {row['true_px']} px, predicted {row['predicted_px']} px"
        )
        _draw_masks(bundle, number, slices.get(number), threshold)


def _draw_viewer(bundle: Bundle, number: int, slice_: Slice | None, threshold: float) -> None:
    """Draw a slice large, with both masks and where they differ; its number where slice or mask is missing."""
    plane = stored_tumour_probability(bundle, number)
    if plane is None or slice_ is None or slice_.mask is None:
        draw_picture(gallery.number_tile(number), alt=f"Slice {number}, which cannot be shown")
        return
    probability = map_to_slice(plane, model_input(bundle, slice_)[1])
    mask, true = probability >= threshold, slice_.mask
    differences = (
        Layer("False negative", true & ~mask, "area", FALSE_NEGATIVE_COLOUR, on=False),
        Layer("False positive", mask & ~true, "area", FALSE_POSITIVE_COLOUR, on=False),
    )
    draw_viewer(
        slice_,
        [probability_layer(probability), *mask_layers(mask, true), *differences],
        key="masks_viewer",
        label=f"Slice {number} with true and predicted mask over it",
    )


def _draw_masks(bundle: Bundle, number: int, slice_: Slice | None, threshold: float) -> None:
    """Draw one slice's pictures side by side; without the slice only the predicted mask."""
    probability = stored_tumour_probability(bundle, number)
    if probability is None:
        st.caption("The bundle keeps no mask of this slice.")
        return
    if slice_ is None or slice_.mask is None:
        pictures = {
            "Slice": gallery.number_tile(number),
            "Predicted, at network size": grey_image(probability >= threshold, 0, 1),
        }
    else:
        mask = map_to_slice(probability, model_input(bundle, slice_)[1]) >= threshold
        pictures = mask_pictures(slice_.pixels, mask, slice_.mask)
    draw_pictures(pictures, name=f"Slice {number}", min_width=150)
