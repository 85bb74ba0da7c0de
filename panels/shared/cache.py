"""What pages load once and share: bundles and their stored predictions, loaded networks, the data set's slices."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle, distinct_bundles
from core.bundles.mask_thresholds import read_thresholds
from core.bundles.predictions import read_predictions
from core.dataset.download import FigshareDownloader, default_cache, remote_enabled
from core.dataset.lookup import find_slice
from core.dataset.store import Store, default_store
from core.errors import DatasetError
from core.evaluation.bootstrap import Interval, headline_metrics
from core.inference.predictor import Prediction, Predictor
from core.readers.slices import Slice
from panels.shared.theme import escape_markdown

_KEPT_PREDICTIONS = 64


def fingerprint(bundle: Bundle) -> str:
    """Return a digest that changes whenever a bundle does: its card states the SHA-256 of every other file."""
    return hashlib.sha256(f"{bundle.folder.resolve()} {bundle.card.model_dump_json()}".encode()).hexdigest()


HASH_BUNDLES: dict[str | type[Any], Callable[[Any], Any]] = {Bundle: fingerprint}
"""For Streamlit's ``hash_funcs``: what is cached of a bundle is made again once the bundle has changed."""


def has_store() -> bool:
    """Return whether there is a prepared data set."""
    return default_store().is_file()


def open_store() -> Store:
    """Open the prepared data set.

    Raises:
        DatasetError: there is none.
    """
    return _open_store(default_store())


@st.cache_resource(show_spinner=False)
def _open_store(path: Path) -> Store:
    return Store(path)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_predictions(bundle: Bundle) -> pd.DataFrame:
    """Return a bundle's stored predictions, a row a slice (``core.bundles.predictions``). Do not change them in
    place."""
    return read_predictions(bundle)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_mask_thresholds(bundle: Bundle) -> pd.DataFrame:
    """Return a segmenter's Dice and IoU per test slice and threshold (``core.bundles.mask_thresholds``). Do not change
    them in place."""
    return read_thresholds(bundle)


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_headline_metrics(bundle: Bundle) -> dict[str, Interval]:
    """Return a bundle's headline metrics with intervals (``core.evaluation.bootstrap.headline_metrics``)."""
    return headline_metrics(bundle)


def load_slice(number: int) -> Slice | None:
    """Return slice ``number`` of the data set, or None where it is not available (``load_slices``)."""
    return load_slices([number]).get(number)


def load_slices(numbers: Sequence[int]) -> dict[int, Slice]:
    """Return the slices of the data set that are available, by number, in the order of ``numbers``.

    They come from the prepared store, else from the disk cache, else from figshare where a setting or this session's
    visitor allows it. A failed download draws one sentence, and nothing more is fetched until the visitor asks again.
    """
    store, remote, fetch = open_store() if has_store() else None, figshare_downloader(), fetching_allowed()
    slices: dict[int, Slice] = {}
    bar = None
    for position, number in enumerate(numbers):
        is_here = (store is not None and number in store) or remote.cached(number)
        if not is_here and not fetch:
            continue
        if not is_here:
            bar = bar or st.progress(0.0)
            bar.progress(position / len(numbers), f"Fetching slice {number} from figshare")
        try:
            slices[number] = find_slice(number, store=store, remote=remote)
        except DatasetError as error:
            st.session_state["figshare"] = fetch = False
            st.error(escape_markdown(str(error)), icon=":material/cloud_off:")
    if bar is not None:
        bar.empty()
    return slices


def fetching_allowed() -> bool:
    """Return whether slices may be fetched from figshare: a setting or this session's visitor allows it."""
    return bool(st.session_state.get("figshare", remote_enabled()))


def allow_fetching() -> None:
    """Allow this session to fetch slices from figshare."""
    st.session_state["figshare"] = True


@st.cache_resource(show_spinner=False)
def figshare_downloader() -> FigshareDownloader:
    """Return the downloader of single slices, shared by all sessions."""
    return FigshareDownloader(default_cache())


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_predictor(classifier: Bundle, segmenter: Bundle) -> Predictor:
    """Return the loaded networks of two bundles, shared by all sessions."""
    return Predictor(classifier, segmenter)


def is_predicted(identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> bool:
    """Return whether this session holds the prediction already."""
    return _prediction_key(identity, classifier, segmenter) in st.session_state.get("predictions", {})


def _prediction_key(identity: Hashable, classifier: Bundle, segmenter: Bundle) -> tuple[Hashable, ...]:
    return identity, fingerprint(classifier), fingerprint(segmenter)


def predict(slice_: Slice, identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> Prediction:
    """Predict a slice, or return the prediction that this session already holds.

    Only the session holds it: an upload is neither written to disk nor shared with other visitors.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        classifier: the bundle that gives the class.
        segmenter: the bundle that gives the mask.
    """
    predictions: OrderedDict[Hashable, Prediction] = st.session_state.setdefault("predictions", OrderedDict())
    key = _prediction_key(identity, classifier, segmenter)
    if key not in predictions:
        names = " and ".join(bundle.name for bundle in distinct_bundles(classifier, segmenter))
        with st.spinner(f"Loading {names}"):
            predictor = cached_predictor(classifier, segmenter)
        with st.spinner("Running the networks"):
            predictions[key] = predictor(slice_)
        while len(predictions) > _KEPT_PREDICTIONS:
            predictions.popitem(last=False)
    return predictions[key]
