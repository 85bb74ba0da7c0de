"""What pages load once and share: bundles by name, networks by bundle names, the local data set."""

from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path

import streamlit as st

from core import bundles
from core.bundles import Bundle
from core.figshare import Store, default_store
from core.inference import Prediction, Predictor
from core.slices import Slice

_KEPT_PREDICTIONS = 24


@st.cache_data(ttl=60, show_spinner=False)
def bundle_names(task: str) -> list[str]:
    """Names of the bundles for a task, the project's default first."""
    default = {"classification": bundles.DEFAULT_CLASSIFIER, "segmentation": bundles.DEFAULT_SEGMENTER}[task]
    found = [name for name in bundles.names() if bundles.open_bundle(name).task == task]
    return sorted(found, key=lambda name: (name != default, name))


def has_store() -> bool:
    """Whether there is a prepared data set here."""
    return default_store().is_file()


def open_store() -> Store:
    """The prepared data set.

    Raises:
        DatasetError: there is none.
    """
    return _store(default_store())


@st.cache_resource(show_spinner=False)
def _store(path: Path) -> Store:
    return Store(path)


@st.cache_resource(max_entries=2, show_spinner=False)
def _predictor(classifier: str, segmenter: str, fingerprint: str) -> Predictor:
    return Predictor(bundles.open_bundle(classifier), bundles.open_bundle(segmenter))


def predict(slice_: Slice, identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> Prediction:
    """The prediction for a slice, from this session's memory if it was made before.

    Only the session holds it: an upload is neither written to disk nor shared with other visitors.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        classifier: the bundle to ask for the class.
        segmenter: the bundle to ask for the mask.
    """
    kept: OrderedDict[Hashable, Prediction] = st.session_state.setdefault("predictions", OrderedDict())
    weights = tuple(bundle.card["files"][bundles.WEIGHTS]["sha256"] for bundle in (classifier, segmenter))
    key = (identity, weights)
    if key not in kept:
        with st.spinner(
            f"Loading TensorFlow and the networks {classifier.name} and {segmenter.name}: a few seconds, once"
        ):
            predictor = _predictor(classifier.name, segmenter.name, "".join(weights))
        with st.spinner("Asking the networks"):
            kept[key] = predictor(slice_)
        while len(kept) > _KEPT_PREDICTIONS:
            kept.popitem(last=False)
    return kept[key]
