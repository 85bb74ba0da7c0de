"""The Masks page's second view: the report's Figure 8 for the best, the median, the worst and the chosen slice."""

import numpy as np
import pandas as pd
import streamlit as st

from core.bundles import mask_thresholds
from core.bundles.bundle import Bundle
from core.bundles.predictions import row_of_slice
from core.bundles.stored_maps import stored_tumour_probability
from core.dataset.head_outlines import head_outline
from core.inference.predictor import model_input
from core.inference.render import FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR, grey_image
from core.labels import CLASS_LABELS
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from core.translation.messages import mark, tr
from panels.shared.controls import fragment
from panels.shared.link.address import bound
from panels.shared.slices.data_set.find import find_slices
from panels.shared.slices.data_set.outline import Overlays, outline_picture, outline_slice
from panels.shared.slices.data_set.source import draw_source, look_again
from panels.shared.slices.image import MASK_LEGEND
from panels.shared.slices.mask_pictures import draw_pictures, mask_pictures
from panels.shared.viewer.viewer import Layer, draw_viewer, mask_layers, probability_layer, viewer_and_words

_CHOSEN = mark("Chosen")
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
            tr("A slice of your choice"),
            table["slice"].tolist(),
            index=None,
            placeholder=tr("Number"),
            key="row",
        )
        if chosen is not None:
            numbers = {_CHOSEN: int(chosen), **numbers}
        found = find_slices(list(numbers.values()))
        slices = found.by_number
        draw_source(
            found,
            key="rows",
            instead=tr("Without a slice: its predicted mask alone, and over the head's outline."),
            at_hand=tr("All slices are at hand."),
        )
        st.caption(
            tr(
                "In the viewer: where the chosen slice's two masks differ; the median slice's until one is chosen. "
                "Below, from left to right, as in the report's Figure 8: the slice, the true mask, the predicted "
                "mask, their difference (white: true positive, orange: false negative, blue: false positive pixels), "
                "and both outlines over the slice ({legend}).",
                legend=", ".join(MASK_LEGEND.values()),
            )
        )
    with viewer:
        shown = numbers.get(_CHOSEN, numbers[_FIRST])
        _draw_viewer(bundle, shown, slices.get(shown), threshold)
    for title, number in numbers.items():
        row = row_of_slice(table, number)
        st.markdown(
            tr(
                "**{title}: slice {number}** · {type}, patient {patient} · Dice {dice:.3f}, IoU {iou:.3f} · true "
                "{true_px} px, predicted {predicted_px} px",
                title=tr(title),
                number=number,
                type=CLASS_LABELS[row["true"]].title,
                patient=row["patient"],
                dice=row["dice"],
                iou=row["iou"],
                true_px=row["true_px"],
                predicted_px=row["predicted_px"],
            )
        )
        _draw_masks(bundle, row, slices.get(number), threshold)
    look_again(found, key="rows")


def _draw_viewer(bundle: Bundle, number: int, slice_: Slice | None, threshold: float) -> None:
    """Draw a slice large, with both masks and where they differ; without the slice the outline of its head."""
    plane = stored_tumour_probability(bundle, number)
    if slice_ is None or slice_.mask is None:
        outline = head_outline(number)
        slice_, place = outline_slice(outline), outline.placement(bundle.card.input.preprocessing)
        label = tr("The head's outline in slice {number} with the predicted mask over it", number=number)
    else:
        place = model_input(bundle, slice_)[1]
        label = tr("Slice {number} with true and predicted mask over it", number=number)
    layers: list[Layer] = []
    if plane is not None:
        probability = map_to_slice(plane, place)
        layers = [probability_layer(probability), *_mask_layers(probability >= threshold, slice_.mask)]
    draw_viewer(slice_, layers, key="masks_viewer", label=label)


def _mask_layers(mask: np.ndarray, true: np.ndarray | None) -> list[Layer]:
    """Return the layers of the masks, and of where they differ if the true one is known."""
    layers = mask_layers(mask, true)
    if true is not None:
        layers.append(Layer(tr("False negative"), true & ~mask, "area", FALSE_NEGATIVE_COLOUR, on=False))
        layers.append(Layer(tr("False positive"), mask & ~true, "area", FALSE_POSITIVE_COLOUR, on=False))
    return layers


def _draw_masks(bundle: Bundle, row: pd.Series, slice_: Slice | None, threshold: float) -> None:
    """Draw one slice's pictures side by side; without the slice the predicted mask alone, and over the outline."""
    number = int(row["slice"])
    plane = stored_tumour_probability(bundle, number)
    if plane is None:
        st.caption(tr("The bundle keeps no mask of this slice."))
        return
    if slice_ is None or slice_.mask is None:
        outline = head_outline(number)
        mask = map_to_slice(plane, outline.placement(bundle.card.input.preprocessing)) >= threshold
        pictures = {
            tr("Predicted"): grey_image(mask, 0, 1),
            tr("Over the head's outline"): outline_picture(outline, Overlays(mask=mask), class_name=row["true"]),
        }
    else:
        mask = map_to_slice(plane, model_input(bundle, slice_)[1]) >= threshold
        pictures = mask_pictures(slice_.pixels, mask, slice_.mask)
    draw_pictures(pictures, name=tr("Slice {number}", number=number), min_width=150)
