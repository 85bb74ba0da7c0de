"""The prediction on the Analyse page: what an outcome withholds, the size of the mask, who has seen the slice."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.dataset.splits import split_parts
from core.inference.result import shown_probabilities, split_part
from core.readers.slices import Slice
from core.translation.messages import mark, tr
from panels.shared.answer import class_text
from panels.shared.labels import bundle_title


def draw_withheld(result: dict[str, Any], *, key: str, slice_key: str) -> bool:
    """Draw the button that shows what the outcome withholds; return whether class and mask may be shown.

    Args:
        result: ``core.inference.result.slice_result`` of the slice.
        key: tells the button from others on the page.
        slice_key: tells the slice from every other of the session: the visitor asks for one slice.
    """
    if result["class"]:
        return True
    asked_key = f"{key}_anyway_{slice_key}"
    is_shown = bool(st.session_state.get(asked_key))

    def turn() -> None:
        st.session_state[asked_key] = not is_shown

    st.button(
        tr("Hide class and mask") if is_shown else tr("Show class and mask anyway"),
        key=f"{key}_anyway_button_{slice_key}",
        icon=":material/visibility_off:" if is_shown else ":material/visibility:",
        on_click=turn,
    )
    if is_shown:
        st.markdown(
            tr(
                "Most probable class: **{class_}**",
                class_=class_text(result["likeliest_class"], shown_probabilities(result)),
            )
        )
    return is_shown


def draw_mask_size(result: dict[str, Any]) -> None:
    """Draw the mask's area and longest diameter, in millimetres where the pixel spacing is known."""
    mask = result["mask"]
    if not mask["area_px"]:
        st.markdown(tr("**No tumour outlined**: no pixel reaches the threshold."))
    elif mask["area_mm2"] is None:
        st.markdown(tr("Predicted area **{area_px:,} px**, pixel size unknown", area_px=mask["area_px"]))
    else:
        st.markdown(
            tr(
                "Predicted area **{area_mm2:,.0f} mm²** ({area_px:,} px) · longest diameter "
                "**{longest_diameter_mm:.0f} mm**",
                area_mm2=mask["area_mm2"],
                area_px=mask["area_px"],
                longest_diameter_mm=mask["longest_diameter_mm"],
            )
        )


def warn_of_seen_slices(slice_: Slice, bundles: tuple[Bundle, ...]) -> None:
    """Draw a warning for each network that was trained or selected on this slice."""
    for bundle in bundles:
        part, title = split_part(bundle, slice_), bundle_title(bundle)
        if part == "train":
            text = tr(
                "Slice {number} is in the training part of {model}: the network was trained on it.",
                number=slice_.number,
                model=title,
            )
        elif part == "validation":
            text = tr(
                "Slice {number} is a validation slice of {model}: the validation part was used for model selection.",
                number=slice_.number,
                model=title,
            )
        else:
            continue
        st.warning(text, icon=":material/school:")


def warn_of_seen_series(numbers: Sequence[int], bundles: tuple[Bundle, ...]) -> None:
    """Draw a warning for each network that was trained or selected on some of these slices of the data set."""
    for bundle in bundles:
        parts = Counter(split_parts(bundle.card.data.split)[list(numbers)])
        for part, text in (
            (
                "train",
                mark(
                    "The training part of {model} holds {count} of these {total} slices: the network was trained on "
                    "that part."
                ),
            ),
            (
                "validation",
                mark(
                    "The validation part of {model} holds {count} of these {total} slices: that part was used for "
                    "model selection."
                ),
            ),
        ):
            if parts[part]:
                said = tr(text, model=bundle_title(bundle), count=parts[part], total=len(numbers))
                st.warning(said, icon=":material/school:")
