"""Compare: two models on one slice, in two viewers that move as one, with both answers and the masks' difference."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bundles.bundle import REPORT_CLASSIFIER, REPORT_SEGMENTER, Bundle, distinct_bundles
from core.config import CLASSIFICATION, SEGMENTATION
from core.inference.predictor import Prediction
from core.inference.result import shown_probabilities, slice_result
from core.metrics import overlap
from core.translation.messages import tr
from panels.analyse.overlay import draw_overlay
from panels.analyse.prediction import draw_mask_size, draw_withheld, warn_of_seen_slices
from panels.shared.answer import answer_container, draw_class_probabilities, draw_headline, draw_reason, draw_truth
from panels.shared.labels import bundle_title
from panels.shared.link import address
from panels.shared.model_choice import REPORT_NETWORKS, listed_bundles
from panels.shared.predictions import predict
from panels.shared.slices.chosen import ChosenSlice
from panels.shared.viewer.viewer import Layer

_OTHER = "compare"
"""Key of the choice of the other model, and its name in the address."""
_ONLY_COLOURS = (213, 94, 0), (204, 121, 167)
"""Of what one mask alone has; unlike the colours of outlines, which lie over it."""

Pair = tuple[Bundle, Bundle]
"""A classifier and a segmenter, the same bundle where one network does both."""


def is_compared() -> bool:
    """Return whether another model is chosen, by the address or by a press."""
    return bool(address.asked(_OTHER)) or st.session_state.get(_OTHER) is not None


def choose_other(pair: Pair) -> Pair | None:
    """Draw the choice of the model to compare a pair with, which stands in the address; return it, or None."""
    others = _others(pair)
    title = address.bound(
        st.selectbox,
        tr("Compare with another model"),
        list(others),
        index=None,
        key=_OTHER,
        format_func=tr,
        placeholder=tr("No other model"),
    )
    return others[title] if title else None


def draw_comparison(chosen: ChosenSlice, pairs: tuple[Pair, Pair], summary: DeltaGenerator, *, key: str) -> None:
    """Draw a slice as two models see it.

    Args:
        chosen: the slice.
        pairs: the models.
        summary: takes how far the models agree.
        key: tells the viewers from others.
    """
    slice_ = chosen.slice
    columns = st.container(key="comparison").columns(2, gap="medium")
    predictions, shown = [], []
    for side, (column, pair) in enumerate(zip(columns, pairs, strict=True)):
        with column:
            answer_area, area, details_area = st.container(gap=None), st.empty(), st.container(gap="small")
        with answer_area:
            st.markdown(f"**{pair_title(pair)}**")
            prediction = predict(slice_, chosen.identity, classifier=pair[0], segmenter=pair[1])
            result = slice_result(slice_, prediction, distinct_bundles(*pair))
            with answer_container(result, key=f"{key}_{side}_answer"):
                draw_headline(result, key=f"{key}_{side}", with_reason=False)
                shown.append(draw_withheld(result, key=f"{key}_{side}", slice_key=str(chosen.identity)))
        with details_area, answer_container(result, shown[side], key=f"{key}_{side}_details"):
            draw_reason(result)
            draw_truth(result["truth"], with_mask=shown[side])
            if shown[side]:
                draw_mask_size(result)
                probabilities = shown_probabilities(result)
                draw_class_probabilities(
                    result["likeliest_class"], probabilities, key=f"{key}_{side}_bars", headline=False
                )
            warn_of_seen_slices(slice_, distinct_bundles(*pair))
        predictions.append((area, prediction))
    with_masks = all(shown)
    difference = _difference(pairs, predictions[0][1].mask, predictions[1][1].mask) if with_masks else []
    for side, (area, prediction) in enumerate(predictions):
        with area:
            draw_overlay(
                chosen,
                prediction,
                key=f"{key}_{side}_viewer",
                group=f"{key}_viewers",
                with_prediction=shown[side],
                further=difference,
            )
    with summary:
        _draw_summary(pairs, [prediction for _, prediction in predictions], with_masks=with_masks)


def pair_title(pair: Pair) -> str:
    """Return what a pair is called: its network's title, or both titles."""
    return " + ".join(bundle_title(bundle) for bundle in distinct_bundles(*pair))


def _others(pair: Pair) -> dict[str, Pair]:
    """Return the models beside a pair by title: the report's two networks, and every network for both tasks."""
    listing = listed_bundles()
    by_task = listing.evaluated(CLASSIFICATION), listing.evaluated(SEGMENTATION)
    found = {}
    if REPORT_CLASSIFIER in by_task[0] and REPORT_SEGMENTER in by_task[1]:
        found[REPORT_NETWORKS] = listing.find(REPORT_CLASSIFIER), listing.find(REPORT_SEGMENTER)
    for name in by_task[0]:
        if name in by_task[1]:
            found[listing.find(name).card.title] = listing.find(name), listing.find(name)
    names = [bundle.name for bundle in pair]
    return {title: other for title, other in found.items() if [bundle.name for bundle in other] != names}


def _difference(pairs: tuple[Pair, Pair], first: np.ndarray, second: np.ndarray) -> list[Layer]:
    """Return what one model's mask has and the other's has not, as a layer each."""
    return [
        Layer(tr("Only {model}", model=pairs[0][1].title), first & ~second, "area", _ONLY_COLOURS[0]),
        Layer(tr("Only {model}", model=pairs[1][1].title), second & ~first, "area", _ONLY_COLOURS[1]),
    ]


def _draw_summary(pairs: tuple[Pair, Pair], predictions: list[Prediction], *, with_masks: bool) -> None:
    """Draw whether the classes are the same, and how far the masks agree."""
    first, second = predictions
    same = first.class_name == second.class_name
    parts = [tr("Likeliest class: **the same**") if same else tr("Likeliest class: **different**")]
    if with_masks:
        ours, theirs = first.mask, second.mask
        parts.append(tr("masks: **Dice {dice:.2f}** between them", dice=overlap.dice(ours, theirs)))
        for pair, only in zip(pairs, (ours & ~theirs, theirs & ~ours), strict=True):
            parts.append(tr("{count:,} px only {model}", count=int(only.sum()), model=bundle_title(pair[1])))
    st.markdown(" · ".join(parts))
