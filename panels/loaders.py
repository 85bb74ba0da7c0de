"""What pages load once and share: bundles by name, networks by bundle names, the local data set."""

from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path

import streamlit as st

from core import bundles
from core.bundles import Bundle
from core.errors import BundleError
from core.figshare import Store, default_store
from core.inference import Prediction, Predictor
from core.slices import Slice

_KEPT_PREDICTIONS = 64


@st.cache_data(ttl=60, show_spinner=False)
def bundle_names(task: str) -> list[str]:
    """Names of the evaluated bundles for a task, the project's default first.

    Raises:
        BundleError: there is none.
    """
    default = {"classification": bundles.DEFAULT_CLASSIFIER, "segmentation": bundles.DEFAULT_SEGMENTER}[task]
    found = []
    for name in bundles.names():
        try:
            bundle = bundles.open_bundle(name)
        except BundleError:
            continue  # one broken folder does not take the others with it
        if bundle.task == task and bundle.test_metrics:
            found.append(name)
    if not found:
        raise BundleError(f"There is no evaluated bundle for {task}; train and evaluate one, or take models/ again.")
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


def predictor(classifier: Bundle, segmenter: Bundle) -> Predictor:
    """The loaded networks of two bundles, shared by all sessions."""
    return _predictor(classifier.name, segmenter.name, str(_key(None, classifier, segmenter)))


def is_known(identity: Hashable, *, classifier: Bundle, segmenter: Bundle) -> bool:
    """Whether this session holds the prediction already."""
    return _key(identity, classifier, segmenter) in st.session_state.get("predictions", {})


def _key(identity: Hashable, classifier: Bundle, segmenter: Bundle) -> tuple[Hashable, ...]:
    return identity, *(bundle.card["files"][bundles.WEIGHTS]["sha256"] for bundle in (classifier, segmenter))


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
    key = _key(identity, classifier, segmenter)
    if key not in kept:
        with st.spinner(
            f"Loading TensorFlow and the networks {classifier.name} and {segmenter.name}: a few seconds, once"
        ):
            ask = predictor(classifier, segmenter)
        with st.spinner("Asking the networks"):
            kept[key] = ask(slice_)
        while len(kept) > _KEPT_PREDICTIONS:
            kept.popitem(last=False)
    return kept[key]
