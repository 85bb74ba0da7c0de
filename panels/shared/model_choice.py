"""The choice of classifier and segmenter: one network for both tasks, the report's two, or any others."""

import streamlit as st

from core.bundles.bundle import (
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    Bundle,
    open_bundle,
)
from panels.shared.cache import evaluated_bundle_names
from panels.shared.controls import accept_former_options

UNIFIED_NETWORK, REPORT_NETWORKS, CUSTOM_NETWORKS = "Unified U-Net", "Report CNN + U-Net", "Custom"
"""Titles of the choices, also values in the address."""
_FORMER_TITLES = {
    "One network for both": UNIFIED_NETWORK,
    "The report's two": REPORT_NETWORKS,
    "Others": CUSTOM_NETWORKS,
}
_NETWORKS, _CLASS_BY, _MASK_BY = "networks", "class_by", "mask_by"
"""Keys of the widgets, also names in the address."""
_PAIRS = {
    UNIFIED_NETWORK: (DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER),
    REPORT_NETWORKS: (REPORT_CLASSIFIER, REPORT_SEGMENTER),
}


def choose_networks() -> tuple[Bundle, Bundle]:
    """Draw the choice; return the classifier and the segmenter, the same bundle where one network does both.

    The address carries the choice, as ``address_of`` writes it.
    """
    classifiers, segmenters = (evaluated_bundle_names(task) for task in ("classification", "segmentation"))
    available = [title for title, (first, second) in _PAIRS.items() if first in classifiers and second in segmenters]
    options = [*available, CUSTOM_NETWORKS]
    accept_former_options(_NETWORKS, _FORMER_TITLES)
    chosen = st.segmented_control(
        "Networks",
        options,
        default=options[0],
        required=True,
        wrap=True,
        key=_NETWORKS,
        bind="query-params",
        label_visibility="collapsed",
        width="stretch",
    )
    if chosen != CUSTOM_NETWORKS:
        first, second = _PAIRS[chosen]
        return open_bundle(first), open_bundle(second)
    left, right = st.columns(2, gap="small")
    with left:
        first = st.selectbox("Class by", classifiers, key=_CLASS_BY, bind="query-params")
    with right:
        second = st.selectbox("Mask by", segmenters, key=_MASK_BY, bind="query-params")
    return open_bundle(first), open_bundle(second)


def networks_address(classifier: Bundle, segmenter: Bundle) -> dict[str, str]:
    """Return the query parameters of Analyse that choose these two bundles."""
    names = classifier.name, segmenter.name
    for title, pair in _PAIRS.items():
        if pair == names:
            return {_NETWORKS: title}
    return {_NETWORKS: CUSTOM_NETWORKS, _CLASS_BY: names[0], _MASK_BY: names[1]}
