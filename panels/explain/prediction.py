"""The prediction beside its heat map: the class or the mask, or what the gate answers instead."""

from typing import Any

import numpy as np
import streamlit as st

from core.inference.result import shown_probabilities
from core.metrics import overlap
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.explain.heat_maps import HeatMapView
from panels.shared.answer import class_text, draw_class_probabilities, draw_headline, draw_truth


def draw_prediction(
    slice_: Slice, view: HeatMapView, result: dict[str, Any] | None, *, of_predicted_class: bool, key: str
) -> None:
    """Draw the class with its probabilities or the mask, and how it agrees with the truth where that is known.

    What the gate answers instead of a class comes first; the heat map still explains the class or the mask.

    Args:
        slice_: the slice.
        view: the heat map, the first of several.
        result: ``core.inference.result.slice_result`` of the slice where the gate was applied, else None.
        of_predicted_class: whether the network's predicted class is explained, not one of the visitor's choice.
        key: tells the bars from others on the page.
    """
    if view.mask is not None:
        truth = _draw_mask(slice_, view.mask, result)
    elif result is not None:
        _draw_gated_class(result, of_predicted_class=of_predicted_class, key=key)
        truth = result["truth"]
    else:
        truth = _draw_class(slice_, view.probabilities or {}, key=key)
    draw_truth(truth, with_mask=view.mask is not None)


def _draw_class(slice_: Slice, probabilities: dict[str, float], *, key: str) -> dict[str, Any] | None:
    """Draw the predicted class of a network without a gate; return how it agrees with the truth."""
    predicted = max(probabilities, key=probabilities.__getitem__)
    draw_class_probabilities(predicted, probabilities, key=key)
    if slice_.class_name is not None:
        return {"class": slice_.class_name, "class_agrees": slice_.class_name == predicted}
    return None if slice_.mask is None else {"area_px": int(np.count_nonzero(slice_.mask))}


def _draw_gated_class(result: dict[str, Any], *, of_predicted_class: bool, key: str) -> None:
    name, probabilities = result["likeliest_class"], shown_probabilities(result)
    draw_headline(result, key=key)
    if result["class"]:
        draw_class_probabilities(name, probabilities, key=key, headline=False)
    else:
        label = tr("The heat map still explains the likeliest class") if of_predicted_class else tr("Likeliest class")
        st.caption(f"{label}: {class_text(name, probabilities)}.")


def _draw_mask(slice_: Slice, mask: np.ndarray, result: dict[str, Any] | None) -> dict[str, Any] | None:
    """Draw the mask's size; return how it agrees with the truth."""
    area = tr("{count:,} px", count=np.count_nonzero(mask)).replace(",", " ")
    headline = tr("Mask · {area}", area=area) if mask.any() else tr("No tumour outlined")
    if result is not None and result["class"] is None:
        draw_headline(result, key="explain_mask")
        st.caption(tr("The heat map still explains the mask: {headline}.", headline=headline))
    else:
        st.header(headline, anchor=False)
    if slice_.mask is None:
        return None
    truth: dict[str, Any] = {
        "area_px": int(np.count_nonzero(slice_.mask)),
        "dice": overlap.dice(mask, slice_.mask),
        "iou": overlap.iou(mask, slice_.mask),
    }
    if result is not None and "answer_agrees" in result["truth"]:
        truth["answer_agrees"] = result["truth"]["answer_agrees"]
    return truth
