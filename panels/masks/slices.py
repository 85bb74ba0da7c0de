"""The Masks page's second view: the report's Figure 8 for the best, the median, the worst and the chosen slice."""

import numpy as np
import pandas as pd
import streamlit as st

from core.bundles import mask_thresholds
from core.bundles.bundle import Bundle
from core.bundles.predictions import row_of_slice
from core.bundles.stored_maps import stored_tumour_probability
from core.inference.predictor import model_input
from core.inference.render import (
    SHOW_MASK,
    SHOW_TRUTH,
    DisplayOptions,
    compose_overlay,
    default_window,
    grey_image,
    mask_difference,
)
from core.labels import CLASS_LABELS
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from core.text import lower_first
from panels.shared.controls import fragment
from panels.shared.slices import gallery
from panels.shared.slices.data_set import load_slices
from panels.shared.slices.image import MASK_LEGEND, draw_picture


@fragment
def draw_slices(bundle: Bundle, table: pd.DataFrame, threshold: float) -> None:
    """Draw the view; another slice of choice redraws nothing else.

    Arguments as for ``panels.masks.overview.draw_overview``.
    """
    numbers = mask_thresholds.typical_slice_numbers(table)
    chosen = st.selectbox(
        "A slice of your choice",
        table["slice"].tolist(),
        index=None,
        placeholder="Number",
        key="row",
        bind="query-params",
    )
    if chosen is not None:
        numbers = {"Chosen": int(chosen), **numbers}
    slices = load_slices(list(numbers.values()))
    if len(slices) < len(set(numbers.values())):
        gallery.offer_fetching(key="rows")
    for title, number in numbers.items():
        row = row_of_slice(table, number)
        st.markdown(
            f"**{title}: slice {number}** · {CLASS_LABELS[row['true']].title}, patient {row['patient']} · Dice "
            f"{row['dice']:.3f}, IoU {row['iou']:.3f} · true {row['true_px']} px, predicted {row['predicted_px']} px"
        )
        _draw_masks(bundle, number, slices.get(number), threshold)
    st.caption(
        "From left to right, as in the report's Figure 8: the slice, the true mask, the predicted mask, their "
        "difference (white: true positive, orange: false negative, blue: false positive pixels), and both outlines "
        f"over the slice ({', '.join(MASK_LEGEND.values())})."
    )


def _draw_masks(bundle: Bundle, number: int, slice_: Slice | None, threshold: float) -> None:
    """Draw one slice's pictures side by side; without the slice only the predicted mask."""
    probability = stored_tumour_probability(bundle, number)
    if probability is None:
        st.caption("The bundle keeps no mask of this slice.")
        return
    pictures: dict[str, np.ndarray]
    if slice_ is None or slice_.mask is None:
        pictures = {
            "Slice": gallery.number_tile(number),
            "Predicted, at network size": grey_image(probability >= threshold, 0, 1),
        }
    else:
        _, place = model_input(bundle, slice_)
        mask = map_to_slice(probability, place) >= threshold
        window = default_window(slice_.pixels)
        pictures = {
            "Slice": grey_image(slice_.pixels, *window),
            "True": grey_image(slice_.mask, 0, 1),
            "Predicted": grey_image(mask, 0, 1),
            "Difference": mask_difference(mask, slice_.mask),
            "Overlay": compose_overlay(
                slice_.pixels,
                DisplayOptions(*window, layers=(SHOW_TRUTH, SHOW_MASK)),
                mask=mask,
                truth=slice_.mask,
            ),
        }
    grid = st.grid(5, min_column_width=150, gap="small")
    for title, picture in pictures.items():
        with grid.container():
            draw_picture(picture, caption=title, width="stretch", alt=f"Slice {number}, {lower_first(title)}")
