"""Predictions of slices: networks are loaded once a process; each session keeps its own predictions."""

from collections import OrderedDict
from collections.abc import Hashable

import streamlit as st

from core.bundles.bundle import Bundle, distinct_bundles
from core.inference.predictor import Prediction, Predictor
from core.inference.sample_answers import stored_answer
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.shared.cache import HASH_BUNDLES
from panels.shared.labels import bundle_title

_KEPT_PREDICTIONS = 64


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_predictor(classifier: Bundle, segmenter: Bundle) -> Predictor:
    """Return the loaded networks of two bundles, shared by all sessions."""
    return Predictor(classifier, segmenter)


def is_predicted(identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> bool:
    """Return whether this session holds the prediction already."""
    return _prediction_key(identity, classifier, segmenter) in st.session_state.get("predictions", {})


def _prediction_key(identity: Hashable, classifier: Bundle, segmenter: Bundle) -> tuple[Hashable, ...]:
    return identity, classifier.fingerprint, segmenter.fingerprint


def predict(slice_: Slice, identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> Prediction:
    """Predict a slice, or return the prediction that this session already holds or that ships with a sample.

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
        stored = stored_answer(slice_, classifier, segmenter)
        if stored is None:
            stored = _run_networks(slice_, classifier, segmenter)
        predictions[key] = stored
        while len(predictions) > _KEPT_PREDICTIONS:
            predictions.popitem(last=False)
    return predictions[key]


def _run_networks(slice_: Slice, classifier: Bundle, segmenter: Bundle) -> Prediction:
    names = " and ".join(bundle_title(bundle) for bundle in distinct_bundles(classifier, segmenter))
    with st.spinner(tr("Loading {names}", names=names)):
        predictor = cached_predictor(classifier, segmenter)
    with st.spinner(tr("Running the networks")):
        return predictor(slice_)
