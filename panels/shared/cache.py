"""What pages read of a bundle once a process and share; read again once the bundle has changed."""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.bundles.bundle import Bundle

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.bootstrap import Interval


HASH_BUNDLES: dict[str | type[Any], Callable[[Any], Any]] = {Bundle: attrgetter("fingerprint")}
"""For Streamlit's ``hash_funcs``: what is cached of a bundle is made again once the bundle has changed."""


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_predictions(bundle: Bundle) -> "pd.DataFrame":
    """Return a bundle's stored predictions, a row a slice, with calibrated probabilities
    (``core.bundles.calibrated.with_calibrated``). Do not change them in place."""
    from core.bundles.calibrated import with_calibrated
    from core.bundles.predictions import read_predictions

    return with_calibrated(read_predictions(bundle), bundle)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_mask_thresholds(bundle: Bundle) -> "pd.DataFrame":
    """Return a segmenter's Dice and IoU per test slice and threshold (``core.bundles.mask_thresholds``). Do not change
    them in place."""
    from core.bundles.mask_thresholds import read_thresholds

    return read_thresholds(bundle)


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_headline_metrics(bundle: Bundle) -> "dict[str, Interval]":
    """Return a bundle's headline metrics with intervals (``core.evaluation.bootstrap.headline_metrics``)."""
    from core.evaluation.bootstrap import headline_metrics

    return headline_metrics(bundle)
