"""What pages load once and share: bundles and their stored predictions, loaded networks, the data set's slices."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core.bundles import bundle as bundles
from core.bundles import mask_thresholds
from core.bundles.bundle import GATE, PREDICTIONS, Bundle
from core.bundles.predictions import read_predictions
from core.dataset.download import FigshareDownloader, default_cache, remote_enabled
from core.dataset.lookup import find_slice
from core.dataset.store import Store, default_store
from core.errors import DatasetError
from core.evaluation import bootstrap
from core.evaluation.bootstrap import Interval
from core.inference.predictor import Prediction, Predictor
from core.readers.slices import Slice
from panels.shared.theme import escape_markdown

_KEPT_PREDICTIONS = 64


def file_sha256(bundle: Bundle, file: str) -> str:
    """Return the SHA-256 that the card states for a file of the bundle: a cache key that changes with the file."""
    return bundle.card.files[file].sha256


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


def cached_predictions(bundle: Bundle) -> pd.DataFrame:
    """Return a bundle's stored predictions, a row a slice (``core.bundles.predictions``). Do not change them in
    place."""
    return _read_predictions(bundle.name, _predictions_fingerprint(bundle), bundle)


@st.cache_resource(max_entries=16, show_spinner=False)
def _read_predictions(name: str, fingerprint: str, _bundle: Bundle) -> pd.DataFrame:
    return read_predictions(_bundle)


def cached_mask_thresholds(bundle: Bundle) -> pd.DataFrame:
    """Return a segmenter's Dice and IoU per test slice and threshold (``core.bundles.mask_thresholds``). Do not change
    them in place."""
    return _read_mask_thresholds(bundle.name, _predictions_fingerprint(bundle), bundle)


@st.cache_resource(max_entries=8, show_spinner=False)
def _read_mask_thresholds(name: str, fingerprint: str, _bundle: Bundle) -> pd.DataFrame:
    return mask_thresholds.read_thresholds(_bundle)


def cached_headline_metrics(bundle: Bundle) -> dict[str, Interval]:
    """Return a bundle's headline metrics with intervals (``core.evaluation.bootstrap.headline_metrics``)."""
    return _headline_metrics(bundle.name, _predictions_fingerprint(bundle), bundle)


@st.cache_data(max_entries=32, show_spinner=False)
def _headline_metrics(name: str, fingerprint: str, _bundle: Bundle) -> dict[str, Interval]:
    return bootstrap.headline_metrics(_bundle)


def _predictions_fingerprint(bundle: Bundle) -> str:
    return str(bundle.card["files"].get(PREDICTIONS))


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


@st.cache_resource(max_entries=2, show_spinner=False)
def _load_predictor(
    classifier: str, segmenter: str, fingerprint: str, _classifier: Bundle, _segmenter: Bundle
) -> Predictor:
    return Predictor(_classifier, _segmenter)


def cached_predictor(classifier: Bundle, segmenter: Bundle) -> Predictor:
    """Return the loaded networks of two bundles, shared by all sessions."""
    key = str(_prediction_key(None, classifier, segmenter))
    return _load_predictor(classifier.name, segmenter.name, key, classifier, segmenter)


def is_predicted(identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> bool:
    """Return whether this session holds the prediction already."""
    return _prediction_key(identity, classifier, segmenter) in st.session_state.get("predictions", {})


def _prediction_key(identity: Hashable, classifier: Bundle, segmenter: Bundle) -> tuple[Hashable, ...]:
    return identity, _prediction_fingerprint(classifier), _prediction_fingerprint(segmenter)


def _prediction_fingerprint(bundle: Bundle) -> str:
    """Return what a bundle's predictions depend on, as text: its weights, its gate, and its card's thresholds."""
    card = bundle.card
    files = [card.files.get(name) for name in (bundles.WEIGHTS, GATE)]
    return repr([files, card.gate and card.gate.thresholds, card.output])


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
        names = [bundle.name for bundle in bundles.distinct_bundles(classifier, segmenter)]
        networks = f"network{'s' if len(names) > 1 else ''} {' and '.join(names)}"
        with st.spinner(f"Loading TensorFlow and the {networks}: a few seconds, once"):
            predictor = cached_predictor(classifier, segmenter)
        with st.spinner("Running the networks"):
            predictions[key] = predictor(slice_)
        while len(predictions) > _KEPT_PREDICTIONS:
            predictions.popitem(last=False)
    return predictions[key]
