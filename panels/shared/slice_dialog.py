"""One slice of the data set, opened: what two bundles said of it, where they looked, and the patient's other slices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.mask_thresholds import at_threshold
from core.bundles.stored_maps import stored_heat_map, stored_tumour_probability
from core.inference.predictor import model_input
from core.inference.render import SHOW_HEAT_MAP, SHOW_MASK, SHOW_TRUTH, DisplayOptions, compose_overlay, default_window
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from panels.shared import gallery, model_choice
from panels.shared.answer import draw_class_probabilities
from panels.shared.cache import (
    cached_mask_thresholds,
    cached_predictions,
    is_predicted,
    load_slice,
    load_slices,
    predict,
)
from panels.shared.theme import CLASS_TITLES

_NEIGHBOURS = 6
_LEGEND = {
    SHOW_TRUTH: "yellow: true mask",
    SHOW_MASK: "cyan: predicted mask",
    SHOW_HEAT_MAP: "glow: spoke for the class",
}


@dataclass(frozen=True)
class _Found:
    """What is known of a slice without a network, or with one: (H, W) heat in [0, 1] and bool mask."""

    heat: np.ndarray | None
    mask: np.ndarray | None


def draw_slice_dialog(
    table: pd.DataFrame,
    *,
    caption: gallery.TileCaption,
    classifier: Bundle,
    segmenter: Bundle,
    threshold: float | None = None,
) -> None:
    """Open the slice the address names, if it names one, over the page.

    Args:
        table: evidence of the bundle the page is about, all slices.
        caption: what stands below a neighbour's tile.
        classifier: says the class.
        segmenter: says the mask.
        threshold: probability from which a pixel counts as tumour; the segmenter's own if None.
    """
    own = float(segmenter.card["output"]["threshold"])
    cut = own if threshold is None else threshold
    number = gallery.opened_slice(table["slice"].tolist())
    if number is None:
        return

    @st.dialog(f"Slice {number}", width="large", on_dismiss=gallery.close_slice)
    def show() -> None:
        _slice(gallery.opened_slice(table["slice"].tolist()) or number, table, caption, classifier, segmenter, cut)

    show()


def _slice(
    number: int,
    table: pd.DataFrame,
    caption: gallery.TileCaption,
    classifier: Bundle,
    segmenter: Bundle,
    threshold: float,
) -> None:
    row = table.set_index("slice", drop=False).loc[number]
    picture_column, said_column = st.columns([10, 11], gap="medium")
    with picture_column:
        slice_ = load_slice(number)
        if slice_ is None:
            st.image(gallery.number_tile(number), width="stretch", alt=f"Slice {number}, which is not on this machine")
            gallery.offer_fetching(key="viewer")
        else:
            _picture(slice_, number, classifier, segmenter, threshold)
    with said_column:
        _said(number, row, classifier, segmenter, threshold)
        with st.container(horizontal=True):
            address = {"slice": str(number)}
            st.page_link(
                "pages/analyse.py",
                label="Analyse",
                icon=":material/search:",
                query_params=address | model_choice.networks_address(classifier, segmenter),
            )
            st.page_link(
                "pages/explain.py",
                label="Explain",
                icon=":material/visibility:",
                query_params=address | {"bundle": classifier.name},
            )
        _neighbours(row, table, caption)


def _picture(slice_: Slice, number: int, classifier: Bundle, segmenter: Bundle, threshold: float) -> None:
    found = _found(slice_, number, classifier, segmenter, threshold)
    have = {SHOW_TRUTH: slice_.mask, SHOW_HEAT_MAP: found.heat, SHOW_MASK: found.mask}
    layers = [name for name, what in have.items() if what is not None]
    place = st.empty()
    shown = st.pills("Shown over the slice", layers, selection_mode="multi", default=layers, key=f"viewer_{layers}")
    place.image(
        compose_overlay(
            slice_.pixels,
            DisplayOptions(*default_window(slice_.pixels), layers=tuple(shown)),
            mask=np.zeros(slice_.pixels.shape, bool) if found.mask is None else found.mask,
            heat=np.zeros(slice_.pixels.shape) if found.heat is None else found.heat,
            truth=slice_.mask,
        ),
        width="stretch",
        output_format="PNG",
        caption="; ".join([slice_.name, *(_LEGEND[name] for name in shown)]),
        alt=f"Slice {number} with {' and '.join(shown).lower() or 'nothing'} over it",
    )
    missing = [name for name in (SHOW_HEAT_MAP, SHOW_MASK) if have[name] is None]
    if missing and st.button(
        f"Make the {' and the '.join(missing).lower()}",
        key="viewer_make",
        help="Loads TensorFlow and both networks, a few seconds the first time.",
        icon=":material/visibility:",
    ):
        predict(slice_, ("slice", number), classifier=classifier, segmenter=segmenter)
        st.rerun(scope="fragment")


def _found(slice_: Slice, number: int, classifier: Bundle, segmenter: Bundle, threshold: float) -> _Found:
    """What the bundles keep of the slice, or this session has had made."""
    identity = ("slice", number)
    if is_predicted(identity, classifier=classifier, segmenter=segmenter):
        prediction = predict(slice_, identity, classifier=classifier, segmenter=segmenter)
        return _Found(prediction.heat, prediction.tumour >= threshold)
    heat, tumour = stored_heat_map(classifier, number), stored_tumour_probability(segmenter, number)
    return _Found(
        None if heat is None else map_to_slice(heat, model_input(classifier, slice_)[1]),
        None if tumour is None else map_to_slice(tumour, model_input(segmenter, slice_)[1]) >= threshold,
    )


def _said(number: int, row: pd.Series, classifier: Bundle, segmenter: Bundle, threshold: float) -> None:
    said = cached_predictions(classifier).set_index("slice").loc[number]
    draw_class_probabilities(
        {"class": said["predicted"], "probabilities": {name: said[f"p_{name}"] for name in classifier.card["classes"]}},
        key="viewer_bars",
    )
    right = said["right"]
    masked, cut = _masked(number, segmenter, threshold)
    mark = f":{'green' if right else 'red'}[:material/{'check_circle' if right else 'cancel'}:]"
    st.markdown(
        f"{mark} True class: **{CLASS_TITLES[said['true']]}** · mask against truth: **Dice {masked['dice']:.2f}**, "
        f"IoU {masked['iou']:.2f} at threshold {cut:.2f}"
    )
    if cut != threshold:
        st.caption(f"Drawn at threshold {threshold:.2f}; figures at every threshold are kept of test slices only.")
    st.caption(
        f"Patient {row['patient']}, official fold {row['fold']}, tumour of {row['tumour_px']} px. The class by "
        f"{classifier.name} ({_part(said['part'])}), the mask by {segmenter.name} ({_part(masked['part'])})."
    )


def _masked(number: int, segmenter: Bundle, threshold: float) -> tuple[pd.Series, float]:
    """The segmenter's evidence of a slice, and the threshold its Dice and IoU are at.

    That is the one asked for where the bundle keeps it, which it does of test slices, and else the bundle's own.
    """
    own = float(segmenter.card["output"]["threshold"])
    if threshold != own:
        rows = at_threshold(cached_mask_thresholds(segmenter), threshold).set_index("slice")
        if number in rows.index:
            return rows.loc[number], threshold
    return cached_predictions(segmenter).set_index("slice").loc[number], own


def _part(part: str) -> str:
    return {"train": "it trained on this slice", "validation": "a validation slice of it"}.get(
        part, "a test slice of it"
    )


def _neighbours(row: pd.Series, table: pd.DataFrame, caption: gallery.TileCaption) -> None:
    """The slices of the same patient that are nearest by number, which follows the order within a patient."""
    others = table[(table["patient"] == row["patient"]) & (table["slice"] != row["slice"])]
    if others.empty:
        st.caption("The data set has no other slice of this patient.")
        return
    nearest = others.loc[(others["slice"] - row["slice"]).abs().sort_values(kind="stable").index[:_NEIGHBOURS]]
    nearest = nearest.sort_values("slice")
    st.markdown(f"**Other slices of patient {row['patient']}** ({len(nearest)} nearest of {len(others)})")
    gallery.draw_tiles(nearest, load_slices(nearest["slice"].tolist()), caption=caption, key="viewer", width=90)
