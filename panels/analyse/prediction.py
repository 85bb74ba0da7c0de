"""The prediction on the Analyse page: the class, or what the gate answers instead, and the size of the mask."""

from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.config import ABSTAINING, CONFIDENT
from core.inference.result import shown_probabilities, split_part
from core.readers.slices import Slice
from panels.shared.answer import draw_class_probabilities, draw_gate_answer
from panels.shared.labels import bundle_title


def draw_answer(result: dict[str, Any], *, key: str, slice_key: str) -> bool:
    """Draw the answer for a slice; return whether the mask may be shown.

    Where no tumour is found or the image is out-of-distribution, class and mask stay hidden until the visitor asks.

    Args:
        result: ``core.inference.result.slice_result`` of the slice.
        key: tells the bars from others on the page.
        slice_key: tells the slice from every other of the session: the visitor asks for one slice.
    """
    answer, class_name, probabilities = result["answer"], result["likeliest_class"], shown_probabilities(result)
    if answer is None or answer["kind"] == CONFIDENT:
        draw_class_probabilities(class_name, probabilities, key=key)
        return True
    draw_gate_answer(answer)
    is_shown = answer["kind"] not in ABSTAINING or st.toggle(
        "Show the network's prediction anyway", key=f"{key}_anyway_{slice_key}"
    )
    if is_shown:
        draw_class_probabilities(class_name, probabilities, key=key, headline=False)
    return is_shown


def draw_mask_size(result: dict[str, Any]) -> None:
    """Draw the mask's area in pixels, and its size in millimetres where the pixel spacing is known."""
    mask = result["mask"]
    if not mask["area_px"]:
        st.markdown("**No tumour outlined**: no pixel reaches the threshold.")
        return
    text = f"**Predicted area {mask['area_px']:,} px**"
    if mask["area_mm2"] is not None:
        text += f" = {mask['area_mm2']:,.0f} mm², longest diameter {mask['longest_diameter_mm']:.0f} mm"
    st.markdown(text)


def warn_of_seen_slices(slice_: Slice, bundles: tuple[Bundle, ...]) -> None:
    """Draw a warning for each network that was trained or selected on this slice."""
    for bundle in bundles:
        part, title = split_part(bundle, slice_), bundle_title(bundle)
        if part == "train":
            text = f"Slice {slice_.number} is in the training part of {title}: the network was trained on it."
        elif part == "validation":
            text = (
                f"Slice {slice_.number} is a validation slice of {title}: the validation part was used for model "
                "selection."
            )
        else:
            continue
        st.warning(text, icon=":material/school:")
